//! Each role at each page and form of the one table, as a browser of that role asks for it, and the links that
//! it is offered.

use ventanilla_console::{PageInfo, pages};
use ventanilla_domain::Role;
use ventanilla_rig::browser::{Page, View};

use crate::barriers::example;
use crate::house::House;

/// What a refusal for want of a right says, told apart from that for want of a second factor.
const REFUSED: &str = "Su rol";

/// Asks for a page or sends a form with nothing but its key, as the page it is on would; status and text.
fn ask(page: &Page, info: PageInfo) -> (u64, String) {
    let (path, form) = (example(info), info.is_form);
    let told = page.script(&format!(
        "(async () => {{
            const key = document.querySelector('[name=formulario]').value;
            const sent = {form} ? {{ method: 'POST', body: new URLSearchParams({{ formulario: key }}) }} : {{}};
            const answer = await fetch('{path}', {{ ...sent, redirect: 'manual' }});
            return [answer.status, await answer.text()];
        }})()"
    ));
    (told[0].as_u64().unwrap(), told[1].as_str().unwrap().to_owned())
}

#[test]
fn each_role_gets_the_pages_of_its_rights_and_no_others() {
    let house = House::open();
    for role in Role::ALL {
        let page = house.inside(role, "/consola/cuenta", View::DESK);
        for info in pages() {
            let Some(right) = info.right else { continue };
            let (status, text) = ask(&page, info);
            let is_refused = status == 403 && text.contains(REFUSED);
            assert_eq!(is_refused, !role.may(right), "{role:?} {info:?}: {status} {text}");
            assert!(status < 500, "{role:?} {info:?}: {status}");
        }
    }
}

#[test]
fn every_link_that_a_role_is_offered_leads_to_a_page() {
    let house = House::open();
    for role in Role::ALL {
        let page = house.inside(role, "/consola/", View::DESK);
        let links = page.script(
            "[...document.querySelectorAll('header a[href^=\"/\"]')].map(link => link.getAttribute('href'))",
        );
        let links = links.as_array().unwrap();
        assert!(links.len() > 2, "{role:?}: {links:?}");
        for link in links {
            let link = link.as_str().unwrap();
            assert_eq!(page.fetch(link).status, 200, "{role:?} is offered {link}");
        }
    }
}

#[test]
fn the_sections_of_every_role_are_one_row_of_a_small_screen() {
    let house = House::open();
    for role in Role::ALL {
        let page = house.inside(role, "/consola/", View::DESK);
        for language in ["es", "en"] {
            page.keep_cookie(&house.at("/consola/"), "idioma", language);
            let paths =
                page.script("[...document.querySelectorAll('.sections a')].map(link => link.href)");
            for path in paths.as_array().unwrap() {
                page.go(path.as_str().unwrap());
                let told = page.script(
                    "[document.documentElement.lang, new Set([...document.querySelectorAll('.sections a')]\
                     .map(link => link.getBoundingClientRect().top)).size]",
                );
                assert!(told[0] == language && told[1] == 1, "{role:?} at {path}: {told}");
            }
        }
    }
}
