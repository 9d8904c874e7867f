//! What somebody had typed when the session ended: it goes through the page of signing in, unseen, and is
//! offered again. It is sent only by whoever reads it and says so.

use std::borrow::Cow;

use askama::Template;
use axum::http::Method;

use super::labels::shown;
use super::texts::EntryTexts;
use crate::answer::{self, Answer};
use crate::fields::Fields;
use crate::frame::Frame;
use crate::routes::takes_form;
use crate::visit::{FORM_KEY, Visit, is_secret, own_path};

const PATH: &str = "guardado_ruta";
const DATA: &str = "guardado_datos";
const BACK: &str = "volver";

/// Where somebody goes once inside, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// The page that was asked for.
    pub(super) back: String,
    /// The form that was sent, if one was.
    form: Option<(String, Fields)>,
}

impl Kept {
    /// Of a request that was not let in.
    pub(super) fn of_request(visit: &Visit) -> Self {
        if visit.route.method == Method::GET {
            return Self { back: visit.to_here(), form: None };
        }
        let fields = visit.form.without(|name| name == FORM_KEY || is_secret(name));
        Self { back: visit.to_home(), form: Some((visit.uri.path().to_owned(), fields)) }
    }

    /// Of what came with the form of signing in, or in the query of its page: only a form that we have.
    pub(super) fn of_fields(fields: &Fields) -> Self {
        let back = own_path(fields.get(BACK)).unwrap_or("/consola/").to_owned();
        let path = own_path(fields.get(PATH)).filter(|path| takes_form(path));
        let form = path.map(|path| {
            let data = Fields::read(fields.raw(DATA));
            (path.to_owned(), data.without(|name| name == FORM_KEY || is_secret(name)))
        });
        Self { back, form }
    }

    /// The hidden fields that carry it.
    pub(super) fn to_hidden(&self) -> Vec<(&'static str, String)> {
        let mut hidden = vec![(BACK, self.back.clone())];
        if let Some((path, fields)) = &self.form {
            hidden.push((PATH, path.clone()));
            hidden.push((DATA, fields.to_text()));
        }
        hidden
    }

    /// Whether something is kept that would be lost.
    pub(super) fn has_form(&self) -> bool {
        self.form.is_some()
    }

    /// Goes on: to the page, or to one that offers the form again. `form_key` is the new session's.
    pub(super) fn go_on(&self, visit: &Visit, form_key: &str) -> Answer {
        let Some((path, fields)) = &self.form else { return answer::see(&self.back) };
        let t = EntryTexts::of(visit.language);
        let page = KeptPage {
            frame: visit.frame(t.go_on).narrow(),
            t,
            path,
            back: &self.back,
            form_key,
            shown: shown(fields, visit.language),
            fields: fields.pairs(),
        };
        answer::page(&page)
    }
}

#[derive(Debug, Template)]
#[template(path = "entry/kept.html")]
struct KeptPage<'k> {
    frame: Frame,
    t: &'static EntryTexts,
    path: &'k str,
    back: &'k str,
    form_key: &'k str,
    shown: Vec<(Cow<'static, str>, String)>,
    fields: &'k [(String, String)],
}
