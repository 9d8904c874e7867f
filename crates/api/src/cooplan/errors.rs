//! What a "no" says: HTTP status, stable code and Spanish sentence. Every refusal is matched by
//! name, so that a new one has no code until it is given one here. docs/errors.md is this file,
//! rendered by a test.

use std::borrow::Cow;

use axum::http::StatusCode;
use ventanilla_domain::{Company, PayRefusal, ReverseRefusal};
use ventanilla_service::{
    Failure, LoginRefusal, LookUpRefusal, NoRefusal, PrintRefusal, TokenRefusal,
};

use super::{convert, wire};
use crate::http::body::{BodyError, Unreadable};
use crate::http::buckets::Limited;
use crate::http::fields::FieldError;
use crate::http::token::TokenError;
use crate::meters::Outcome;

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// `messageSistema`: stable, for programs.
    pub(super) code: Cow<'static, str>,
    /// `message`: for people.
    pub(super) message: Cow<'static, str>,
    /// Seconds until another try makes sense.
    pub(super) retry_after_s: Option<u32>,
    /// The payment that a caller who lost an answer gets back.
    pub(super) paid: Option<wire::Paid>,
    /// Whether the rest of the connection cannot be read.
    pub(super) closes: bool,
    /// What it is counted as.
    pub(super) outcome: Outcome,
    /// What the log line of an internal error and its answer share.
    pub(super) error_id: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        let outcome = match status {
            StatusCode::OK => Outcome::Refused,
            StatusCode::SERVICE_UNAVAILABLE => Outcome::Unavailable,
            status if status.is_server_error() => Outcome::Internal,
            _ => Outcome::ClientError,
        };
        Self {
            status,
            code: Cow::Borrowed(code),
            message: Cow::Borrowed(message),
            retry_after_s: None,
            paid: None,
            closes: false,
            outcome,
            error_id: None,
        }
    }

    /// A "no" of the business or of validation: many clients of this family lose the body of a 4xx.
    fn business(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::OK, code, message)
    }

    /// The same of a request that cannot be understood.
    fn malformed(code: &'static str, message: &'static str) -> Self {
        Self { outcome: Outcome::ClientError, ..Self::business(code, message) }
    }

    fn unauthorized(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    pub(super) fn unknown_service() -> Self {
        let message = "El servicio solicitado no existe.";
        Self::new(StatusCode::NOT_FOUND, "SERVICIO_NO_EXISTE", message)
    }

    pub(super) fn wrong_method() -> Self {
        let message = "El servicio se llama solamente con el método POST.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METODO_NO_PERMITIDO", message)
    }

    fn too_many(retry_after_s: u32, message: &'static str) -> Self {
        let retry_after_s = Some(retry_after_s);
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { retry_after_s, ..Self::new(status, "LIMITE_EXCEDIDO", message) }
    }

    /// `id` is what the log line and this answer share.
    pub(super) fn internal(id: impl std::fmt::Display) -> Self {
        let id = id.to_string();
        Self {
            code: Cow::Owned(format!("ERROR_INTERNO: {id}")),
            error_id: Some(id),
            ..Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "",
                "Ocurrió un error interno; informe a la empresa el código de messageSistema.",
            )
        }
    }
}

impl From<Limited> for Problem {
    fn from(Limited { retry_after_s }: Limited) -> Self {
        Self::too_many(
            retry_after_s,
            "Demasiadas solicitudes en poco tiempo y nada se registró; espere antes de volver a intentar.",
        )
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let problem = match error {
            BodyError::TooLarge => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "CUERPO_DEMASIADO_GRANDE",
                "El cuerpo de la solicitud pasa de 64 KiB.",
            ),
            BodyError::TooSlow => Self::new(
                StatusCode::REQUEST_TIMEOUT,
                "CUERPO_INVALIDO",
                "El cuerpo de la solicitud no llegó completo a tiempo.",
            ),
            BodyError::Broken => Self::new(
                StatusCode::BAD_REQUEST,
                "CUERPO_INVALIDO",
                "El cuerpo de la solicitud llegó dañado.",
            ),
        };
        Self { closes: true, ..problem }
    }
}

impl From<Unreadable> for Problem {
    fn from(Unreadable: Unreadable) -> Self {
        Self::malformed(
            "CUERPO_INVALIDO",
            "No se puede leer el cuerpo de la solicitud: se espera un objeto JSON o un formulario, \
             en UTF-8 y sin datos repetidos.",
        )
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        let (code, message) = match error {
            FieldError::Missing(name) => {
                (format!("PARAMETRO_REQUERIDO: {name}"), format!("Falta el dato {name}."))
            }
            FieldError::Malformed(name) => (
                format!("PARAMETRO_INVALIDO: {name}"),
                format!("El dato {name} no tiene una forma válida."),
            ),
        };
        Self { code: code.into(), message: message.into(), ..Self::malformed("", "") }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Missing => Self::unauthorized(
                "TOKEN_REQUERIDO",
                "Falta el token: se envía en el encabezado Authorization: Bearer.",
            ),
            TokenError::Malformed => of_token(TokenRefusal::Unknown),
        }
    }
}

/// A failure of a use case, whose refusals `of` tells.
pub(super) fn of_failure<R>(failure: Failure<R>, of: impl FnOnce(R) -> Problem) -> Problem {
    match failure {
        Failure::Refused(refusal) => of(refusal),
        Failure::Unavailable => Problem {
            retry_after_s: Some(1),
            ..Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "SERVICIO_NO_DISPONIBLE",
                "El servicio no está disponible en este momento y nada se registró; intente de \
                 nuevo en unos segundos.",
            )
        },
        Failure::Unknown => Problem {
            outcome: Outcome::Unknown,
            ..Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "RESULTADO_DESCONOCIDO",
                "No se sabe si la operación quedó registrada: consulte antes de reintentar.",
            )
        },
        Failure::Internal(id) => Problem::internal(id),
    }
}

pub(super) fn of_none(refusal: NoRefusal) -> Problem {
    match refusal {}
}

pub(super) fn of_login(refusal: LoginRefusal) -> Problem {
    match refusal {
        LoginRefusal::TooManyFailures { retry_after_s } => Problem::too_many(
            retry_after_s,
            "Demasiados intentos fallidos; espere antes de volver a intentar.",
        ),
        LoginRefusal::WrongCredentials => {
            Problem::unauthorized("CREDENCIALES_INVALIDAS", "Las credenciales no son válidas.")
        }
        LoginRefusal::Disabled => of_token(TokenRefusal::Disabled),
    }
}

pub(super) fn of_token(refusal: TokenRefusal) -> Problem {
    let (code, message) = match refusal {
        TokenRefusal::Unknown => ("TOKEN_INVALIDO", "El token no es válido; solicite uno nuevo."),
        TokenRefusal::Expired => ("TOKEN_EXPIRADO", "El token ya venció; solicite uno nuevo."),
        TokenRefusal::Disabled => {
            ("CREDENCIAL_INACTIVA", "La credencial está desactivada; comuníquese con la empresa.")
        }
    };
    Problem::unauthorized(code, message)
}

pub(super) fn of_look_up(refusal: LookUpRefusal) -> Problem {
    match refusal {
        LookUpRefusal::ListingNotAllowed => FieldError::Missing(wire::field::CONTRACT).into(),
        LookUpRefusal::ContractUnknown => Problem::business(
            "SOCIO_NO_ENCONTRADO",
            "No se encontró ningún socio con ese contrato.",
        ),
        LookUpRefusal::ContractBlocked => blocked(),
    }
}

fn blocked() -> Problem {
    Problem::business(
        "CONTRATO_BLOQUEADO",
        "El contrato está bloqueado y no admite pagos; el socio debe acudir a la empresa.",
    )
}

fn key_reused() -> Problem {
    Problem::business(
        "IDTRANSACCION_REPETIDO",
        "El IdTransaccion ya se usó en otra operación, con otros datos.",
    )
}

/// `company` gives the local time of a payment that is told.
pub(super) fn of_pay(refusal: PayRefusal, company: &Company) -> Problem {
    let (code, message) = match refusal {
        PayRefusal::CallerKeyReused => return key_reused(),
        PayRefusal::BillUnknown => ("FACTURA_NO_EXISTE", "La factura no existe."),
        PayRefusal::BillOfAnotherContract => {
            ("FACTURA_CONTRATO_NO_COINCIDE", "La factura no es de ese contrato.")
        }
        PayRefusal::PeriodMismatch => ("PERIODO_NO_COINCIDE", "La factura no es de ese periodo."),
        PayRefusal::BillPaid { existing } => {
            let told = existing.map(|paid| convert::paid(company, paid.payment, paid.recorded_at));
            return Problem {
                paid: told,
                ..Problem::business("FACTURA_YA_PAGADA", "La factura ya está pagada.")
            };
        }
        PayRefusal::BillAnnulled => {
            ("FACTURA_NO_VIGENTE", "La factura está anulada y no se puede pagar.")
        }
        PayRefusal::ContractBlocked => return blocked(),
        PayRefusal::AmountMismatch => {
            ("MONTO_NO_COINCIDE", "El monto no es el de la factura; se paga el importe exacto.")
        }
        PayRefusal::OlderBillUnpaid => (
            "DEUDA_ANTERIOR_PENDIENTE",
            "Hay una factura anterior pendiente; se paga primero la más antigua.",
        ),
        PayRefusal::OutsideHours => ("FUERA_DE_HORARIO", "La empresa no recibe pagos a esta hora."),
        PayRefusal::PayerMismatch => {
            ("ASOCIADO_NO_COINCIDE", "El IdAsociado no es el del socio de la factura.")
        }
        PayRefusal::PaymentAboveLimit => (
            "MONTO_SOBRE_LIMITE",
            "El monto pasa de lo que el recaudador puede cobrar en un solo pago; el socio debe pagar en la \
             empresa.",
        ),
        PayRefusal::HeldAboveLimit => (
            "CUPO_EXCEDIDO",
            "El recaudador llegó a su cupo; para seguir cobrando debe rendir a la empresa lo cobrado.",
        ),
    };
    Problem::business(code, message)
}

fn payment_unknown() -> Problem {
    Problem::business("COBRANZA_NO_EXISTE", "La cobranza no existe.")
}

fn payment_of_another_bill() -> Problem {
    Problem::business("COBRANZA_FACTURA_NO_COINCIDE", "La cobranza no es de esa factura.")
}

pub(super) fn of_print(refusal: PrintRefusal) -> Problem {
    match refusal {
        PrintRefusal::PaymentUnknown => payment_unknown(),
        PrintRefusal::PaymentOfAnotherBill => payment_of_another_bill(),
    }
}

pub(super) fn of_reverse(refusal: ReverseRefusal) -> Problem {
    match refusal {
        ReverseRefusal::CallerKeyReused => key_reused(),
        ReverseRefusal::PaymentUnknown => payment_unknown(),
        ReverseRefusal::PaymentOfAnotherBill => payment_of_another_bill(),
        ReverseRefusal::AlreadyReversed => {
            Problem::business("COBRANZA_YA_REVERTIDA", "La cobranza ya fue revertida.")
        }
        ReverseRefusal::WindowOver => Problem::business(
            "REVERSION_FUERA_DE_PLAZO",
            "El plazo para revertir la cobranza ya terminó.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::{Display, Write as _};
    use std::path::Path;

    use ventanilla_domain::{CompanyId, Currency, Existing, Name, PaymentId, Policy, TimeZone};

    use super::*;
    use crate::every::every;

    fn company() -> Company {
        Company {
            id: CompanyId::from_i64(13).unwrap(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            policy: Policy::default(),
            issuer: 0,
        }
    }

    fn existing() -> Existing {
        Existing {
            payment: PaymentId::from_i64(4_224_408).unwrap(),
            recorded_at: "2021-11-26T16:11:52Z".parse().unwrap(),
        }
    }

    /// Why, and what is told.
    type Row = (String, Problem);

    fn rows<R: Display + Copy>(refusals: &[R], of: impl Fn(R) -> Problem) -> Vec<Row> {
        let row = |refusal: &R| (refusal.to_string(), of(*refusal));
        refusals.iter().map(row).collect()
    }

    fn reworded<R>(cases: Vec<(R, &str)>, of: impl Fn(R) -> Problem) -> Vec<Row> {
        let row = |(error, why): (R, &str)| (why.to_owned(), of(error));
        cases.into_iter().map(row).collect()
    }

    fn of_requests() -> Vec<Row> {
        let bodies = every![
            (BodyError::TooLarge, _) => (BodyError::TooLarge, "the body is over 64 KiB"),
            (BodyError::TooSlow, _) => (BodyError::TooSlow, "the body was not complete after 10 s"),
            (BodyError::Broken, _) => (BodyError::Broken, "the transfer of the body broke off"),
        ];
        let tokens = every![
            (TokenError::Missing, _) => (TokenError::Missing, "no token in either header"),
            (TokenError::Malformed, _) => (
                TokenError::Malformed,
                "not a `Bearer` token, or two different ones"
            ),
        ];
        let fields = every![
            (FieldError::Missing(_), _) => (
                FieldError::Missing(wire::field::CONTRACT),
                "a required field is absent, null or empty"
            ),
            (FieldError::Malformed(_), _) => (
                FieldError::Malformed(wire::field::AMOUNT),
                "a field is not of its form"
            ),
        ];
        let unreadable = "no JSON object, no form, empty, a name twice, not UTF-8, U+0000";
        let limited = "too many requests of an address, or of a collector; `Retry-After` says how long to wait";
        let mut rows = vec![
            (limited.to_owned(), Limited { retry_after_s: 1 }.into()),
            ("no such service".to_owned(), Problem::unknown_service()),
            ("not a `POST`".to_owned(), Problem::wrong_method()),
        ];
        rows.extend(reworded(bodies.into(), Problem::from));
        rows.extend(reworded(tokens.into(), Problem::from));
        rows.extend(self::rows(&token_refusals(), of_token));
        rows.push((unreadable.to_owned(), Unreadable.into()));
        rows.extend(reworded(fields.into(), Problem::from));
        rows
    }

    fn of_failures() -> Vec<Row> {
        let of = |failure: Failure<NoRefusal>| of_failure(failure, of_none);
        let mut rows = reworded(
            vec![
                (Failure::Unavailable, "nothing changed; the same request may succeed later"),
                (Failure::Unknown, "a commit was attempted and its result is not known"),
            ],
            of,
        );
        let why = "a defect; the log has its causes under the same id";
        rows.push((why.to_owned(), Problem::internal("<id>")));
        rows
    }

    fn token_refusals() -> [TokenRefusal; 3] {
        use TokenRefusal as No;
        every![No::Unknown => No::Unknown, No::Expired => No::Expired, No::Disabled => No::Disabled]
    }

    fn of_logins() -> Vec<Row> {
        use LoginRefusal as No;
        let refusals = every![
            No::TooManyFailures { .. } => No::TooManyFailures { retry_after_s: 60 },
            No::WrongCredentials => No::WrongCredentials,
            No::Disabled => No::Disabled,
        ];
        rows(&refusals, of_login)
    }

    fn of_look_ups() -> Vec<Row> {
        use LookUpRefusal as No;
        let refusals = every![
            No::ListingNotAllowed => No::ListingNotAllowed,
            No::ContractUnknown => No::ContractUnknown,
            No::ContractBlocked => No::ContractBlocked,
        ];
        rows(&refusals, of_look_up)
    }

    fn of_payments() -> Vec<Row> {
        use PayRefusal as No;
        let refusals = every![
            No::CallerKeyReused => No::CallerKeyReused,
            No::BillUnknown => No::BillUnknown,
            No::BillOfAnotherContract => No::BillOfAnotherContract,
            No::PeriodMismatch => No::PeriodMismatch,
            No::BillPaid { .. } => No::BillPaid { existing: Some(existing()) },
            No::BillAnnulled => No::BillAnnulled,
            No::ContractBlocked => No::ContractBlocked,
            No::AmountMismatch => No::AmountMismatch,
            No::OlderBillUnpaid => No::OlderBillUnpaid,
            No::OutsideHours => No::OutsideHours,
            No::PayerMismatch => No::PayerMismatch,
            No::PaymentAboveLimit => No::PaymentAboveLimit,
            No::HeldAboveLimit => No::HeldAboveLimit,
        ];
        rows(&refusals, |refusal| of_pay(refusal, &company()))
    }

    fn of_prints() -> Vec<Row> {
        use PrintRefusal as No;
        let refusals = every![
            No::PaymentUnknown => No::PaymentUnknown,
            No::PaymentOfAnotherBill => No::PaymentOfAnotherBill,
        ];
        rows(&refusals, of_print)
    }

    fn of_reversals() -> Vec<Row> {
        use ReverseRefusal as No;
        let refusals = every![
            No::CallerKeyReused => No::CallerKeyReused,
            No::PaymentUnknown => No::PaymentUnknown,
            No::PaymentOfAnotherBill => No::PaymentOfAnotherBill,
            No::AlreadyReversed => No::AlreadyReversed,
            No::WindowOver => No::WindowOver,
        ];
        rows(&refusals, of_reverse)
    }

    fn sections() -> [(&'static str, Vec<Row>); 7] {
        [
            ("Any service, in the order of the checks", of_requests()),
            ("`token`", of_logins()),
            ("`buscarcliente`, `consultardeuda`", of_look_ups()),
            ("`realizarpago`", of_payments()),
            ("`imprimirfactura`", of_prints()),
            ("`revertirpago`", of_reversals()),
            ("Failures of any service", of_failures()),
        ]
    }

    const INTRODUCTION: &str = "\
# The codes of the Cooplan API

Rendered from `crates/api/src/cooplan/errors.rs` by a test; `UPDATE_DOCS=1 cargo test -p
ventanilla-api` brings it up to date. Each refusal is the envelope with `error` 1 and `status` 0.
`messageSistema` is the stable code, for programs; `message` is for people and may be reworded.
The first rule of a table that is broken is the one that is told.
";

    fn rendered() -> String {
        let mut page = INTRODUCTION.to_owned();
        for (title, rows) in sections() {
            let head = "| `messageSistema` | HTTP | `message` | when |\n|---|---|---|---|";
            writeln!(page, "\n## {title}\n\n{head}").unwrap();
            for (why, Problem { status, code, message, .. }) in rows {
                let status = status.as_u16();
                writeln!(page, "| `{code}` | {status} | {message} | {why} |").unwrap();
            }
        }
        page
    }

    #[test]
    fn the_table_of_codes_in_the_docs_is_this_one() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, rendered()).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            committed,
            rendered(),
            "run with UPDATE_DOCS=1 to bring docs/errors.md up to date"
        );
    }

    #[test]
    fn a_problem_is_counted_as_what_it_is() {
        let failed = |failure| of_failure(failure, of_look_up);
        for (problem, outcome) in [
            (failed(Failure::Refused(LookUpRefusal::ContractUnknown)), Outcome::Refused),
            (failed(Failure::Unavailable), Outcome::Unavailable),
            (failed(Failure::Unknown), Outcome::Unknown),
            (Problem::internal("5d1b"), Outcome::Internal),
            (Problem::unknown_service(), Outcome::ClientError),
            (Unreadable.into(), Outcome::ClientError),
            (FieldError::Missing("Monto").into(), Outcome::ClientError),
            (BodyError::TooSlow.into(), Outcome::ClientError),
            (Limited { retry_after_s: 1 }.into(), Outcome::ClientError),
            (of_token(TokenRefusal::Expired), Outcome::ClientError),
            (of_login(LoginRefusal::TooManyFailures { retry_after_s: 1 }), Outcome::ClientError),
        ] {
            assert_eq!(problem.outcome, outcome, "{problem:?}");
            let is_internal = outcome == Outcome::Internal;
            assert_eq!(problem.error_id.is_some(), is_internal, "{problem:?}");
        }
    }

    #[test]
    fn every_problem_has_a_code_and_a_sentence() {
        for (title, rows) in sections() {
            assert!(!rows.is_empty(), "{title}");
            for (why, problem) in rows {
                let words = problem.code.split(": ").next().unwrap();
                let is_code = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
                assert!(!words.is_empty() && words.bytes().all(is_code), "{why}: {words}");
                assert!(problem.message.ends_with('.'), "{why}: {}", problem.message);
            }
        }
    }

    #[test]
    fn clients_look_for_these_words() {
        let reversed = of_reverse(ReverseRefusal::AlreadyReversed);
        assert!(reversed.message.contains("revertida"));
        let unknown = of_failure(Failure::<NoRefusal>::Unknown, of_none);
        assert!(unknown.message.contains("consulte antes de reintentar"));
        assert_eq!(unknown.retry_after_s, None);
        let unavailable = of_failure(Failure::<NoRefusal>::Unavailable, of_none);
        assert_eq!(unavailable.retry_after_s, Some(1));
        let too_many = of_login(LoginRefusal::TooManyFailures { retry_after_s: 7 });
        assert_eq!(too_many.retry_after_s, Some(7));
        let limited = Problem::from(Limited { retry_after_s: 7 });
        assert!(limited.message.contains("nada se registró"));
        assert_eq!(limited.retry_after_s, Some(7));
    }

    #[test]
    fn a_paid_bill_tells_its_payment_in_the_companys_time() {
        let told = PayRefusal::BillPaid { existing: Some(existing()) };
        let paid = of_pay(told, &company()).paid.unwrap();
        assert_eq!(paid.payment.0, existing().payment);
        assert_eq!(paid.recorded_at.0.to_string(), "26/11/2021 12:11:52");
    }
}
