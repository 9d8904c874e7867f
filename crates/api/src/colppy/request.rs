//! The envelope of a request: who calls, what is called, and with what.

use super::errors::EnvelopeError;
use super::parameters::Parameters;
use super::wire::{Called, field};
use crate::http::body::{self, Unreadable};
use crate::http::json;

/// A request whose envelope is whole. There is no `Debug`: it holds secrets.
pub(super) struct Request<'a> {
    pub(super) auth: Parameters<'a>,
    pub(super) parameters: Parameters<'a>,
}

/// What a body says, as far as it can be read: what it calls is echoed even where nobody can be
/// asked to answer it.
pub(super) struct Heard<'a> {
    pub(super) called: Called<'a>,
    pub(super) request: Result<Request<'a>, EnvelopeError>,
}

impl<'a> Heard<'a> {
    pub(super) fn from_body(body: &'a [u8]) -> Self {
        match envelope(body) {
            Ok(envelope) => Self {
                called: called(&envelope),
                request: request(&envelope).ok_or(EnvelopeError::NoEnvelope),
            },
            Err(Unreadable) => {
                Self { called: Called::default(), request: Err(EnvelopeError::NoJson) }
            }
        }
    }
}

fn envelope(body: &[u8]) -> Result<Parameters<'_>, Unreadable> {
    let text = body::text(body)?;
    json::check(text)?;
    Parameters::from_object(text)
}

fn called<'a>(envelope: &Parameters<'a>) -> Called<'a> {
    let service = envelope.object(field::SERVICE);
    let echoed = |name| service.as_ref()?.only_text(name);
    Called {
        provision: echoed(field::PROVISION).unwrap_or_default(),
        operation: echoed(field::OPERATION).unwrap_or_default(),
    }
}

fn request<'a>(envelope: &Parameters<'a>) -> Option<Request<'a>> {
    envelope.object(field::SERVICE)?;
    let parameters = envelope.object(field::PARAMETERS).unwrap_or_else(Parameters::none);
    Some(Request {
        auth: envelope.object(field::AUTH)?,
        parameters: parameters.or_beside(envelope, &field::OF_LISTS),
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn check(body: impl AsRef<[u8]>, called: [&str; 2], expected: Result<(), EnvelopeError>) {
        let body = body.as_ref();
        let heard = Heard::from_body(body);
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]);
        assert_eq!([&*heard.called.provision, &*heard.called.operation], called, "{shown}");
        assert_eq!(heard.request.map(drop), expected, "{shown}");
    }

    #[test]
    fn what_is_no_json_object_calls_nothing() {
        for body in [
            "",
            " \r\n",
            "\u{feff}",
            "[]",
            "\"a\"",
            "1",
            "null",
            "{",
            "{}}",
            "{\"a\":1}{}",
            "a=1",
            "{\"a\":\"\0\"}",
            r#"{"service":{},"auth":{},"x":"\u0000"}"#,
            r#"{"service":{},"auth":{},"x":["\ud800"]}"#,
            r#"{"service":{},"auth":{},"auth":{}}"#,
            r#"{"service":{},"auth":{},"parameters":{"a":{"b":1,"b":2}}}"#,
        ] {
            check(body, ["", ""], Err(EnvelopeError::NoJson));
        }
        check(b"{\"a\":\"\xf1\"}", ["", ""], Err(EnvelopeError::NoJson));
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(16), "]".repeat(16));
        check(deep, ["", ""], Err(EnvelopeError::NoJson));
    }

    #[test]
    fn a_json_object_without_service_or_auth_is_no_envelope() {
        for (body, called) in [
            ("{}", ["", ""]),
            (r#"{"auth":{}}"#, ["", ""]),
            (r#"{"auth":{},"service":[]}"#, ["", ""]),
            (r#"{"auth":{},"service":null}"#, ["", ""]),
            (r#"{"service":{"provision":"Pago","operacion":"leer_pago"}}"#, ["Pago", "leer_pago"]),
            (r#"{"service":{"provision":"Pago"},"auth":"a"}"#, ["Pago", ""]),
            (r#"{"service":{"operacion":"x"},"auth":null}"#, ["", "x"]),
            (r#"{"service":{},"auth":[]}"#, ["", ""]),
        ] {
            check(body, called, Err(EnvelopeError::NoEnvelope));
        }
    }

    #[test]
    fn what_is_called_is_echoed_as_it_was_sent() {
        for (service, called) in [
            (r#"{"provision":"pAGO","operacion":"LEER_pago"}"#, ["pAGO", "LEER_pago"]),
            (r#"{"Provision":" Pago ","OPERACION":"\u00f1\"\n"}"#, [" Pago ", "ñ\"\n"]),
            (r#"{"provision":1,"operacion":{}}"#, ["", ""]),
            (r#"{"provision":null,"operacion":true}"#, ["", ""]),
            ("{}", ["", ""]),
        ] {
            let body = format!("\u{feff}\r\n {{\"Service\":{service},\"AUTH\":{{}},\"x\":[1]}} ");
            check(body, called, Ok(()));
        }
    }

    #[test]
    fn parameters_that_are_no_object_are_none() {
        for parameters in ["[]", "null", "1", "\"\"", "{}"] {
            let body = format!(r#"{{"service":{{}},"auth":{{}},"parameters":{parameters}}}"#);
            let request = Heard::from_body(body.as_bytes()).request.unwrap();
            assert_eq!(request.parameters.text("usuario"), Ok(None), "{parameters}");
        }
    }

    #[test]
    fn what_is_asked_of_a_list_may_stand_beside_the_parameters() {
        let body = r#"{"service":{},"auth":{},"filter":"a","order":"b","Start":"c","limit":"e",
            "idEmpresa":"f","parameters":{"filter":[],"limit":"d"}}"#;
        let parameters = Heard::from_body(body.as_bytes()).request.unwrap().parameters;
        let text = |name| parameters.text(name).map(|text| text.map(Cow::into_owned));
        assert_eq!(text("order"), Ok(Some("b".to_owned())));
        assert_eq!(text("start"), Ok(Some("c".to_owned())));
        assert_eq!(text("idEmpresa"), Ok(None));
        assert_eq!(text("limit"), Ok(Some("d".to_owned())));
        assert!(text("filter").is_err(), "the one inside is taken");
    }
}
