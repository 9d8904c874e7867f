//! A cashier at the console's pages, without a browser.

use std::io;
use std::net::SocketAddr;

use super::{Answer, Client, Server};

/// Whoever has signed in: the session, and the key of its forms.
#[derive(Debug)]
pub(crate) struct Cashier {
    client: Client,
    cookie: String,
    form_key: String,
}

impl Cashier {
    /// Signs in at the page on which people do.
    pub(crate) fn sign_in(address: SocketAddr, name: &str, password: &str) -> Self {
        let (client, cookie) = (Client::new(address), "visita=nadie".to_owned());
        let mut cashier = Self { client, cookie, form_key: String::new() };
        cashier.form_key = cashier.get("/consola/ingreso").set("visita");
        cashier.cookie = format!("visita={}", cashier.form_key);
        let entered =
            cashier.try_post("/consola/ingreso", &[("usuario", name), ("clave", password)]);
        cashier.cookie = format!("ventanilla={}", entered.unwrap().set("ventanilla"));
        cashier.form_key = cashier.get("/consola/cuenta").hidden("formulario");
        cashier
    }

    /// Another tab of the same session, at a server that may have been started anew.
    pub(crate) fn moved_to(&self, server: &Server) -> Self {
        let (cookie, form_key) = (self.cookie.clone(), self.form_key.clone());
        Self { client: Client::new(server.address()), cookie, form_key }
    }

    /// Asks for a page.
    pub(crate) fn get(&mut self, path: &str) -> Answer {
        let cookie = &self.cookie;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n");
        self.client.try_send(&request).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Sends a form, of values that need no coding, where the server may be gone; the next one makes a new connection.
    pub(crate) fn try_post(&mut self, path: &str, fields: &[(&str, &str)]) -> io::Result<Answer> {
        let (cookie, mut form) = (&self.cookie, format!("formulario={}", self.form_key));
        form.extend(fields.iter().map(|(name, value)| format!("&{name}={value}")));
        let len = form.len();
        self.client.try_send(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len}\r\n\r\n{form}"
        ))
    }
}

impl Answer {
    /// Where it leads.
    pub(crate) fn location(&self) -> &str {
        self.header("location").next().unwrap_or_default()
    }

    /// What a cookie is set to.
    fn set(&self, name: &str) -> String {
        let mut cookies = self.header("set-cookie").filter_map(|line| line.split_once('='));
        let (_, value) = cookies.find(|(of, _)| *of == name).unwrap_or_else(|| panic!("{self:?}"));
        value.split(';').next().unwrap().to_owned()
    }

    /// The value of a hidden field.
    fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&mark).unwrap_or_else(|| panic!("{name}: {self:?}"));
        rest.split('"').next().unwrap().to_owned()
    }

    fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(move |(of, _)| *of == name).map(|(_, value)| value)
    }
}
