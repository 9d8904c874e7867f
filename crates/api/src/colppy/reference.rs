//! docs/colppy.md: the table of operations, the failures and the samples, rendered.

use std::fmt::Write as _;
use std::path::Path;

use super::errors::Problem;
use super::errors::rows::{self, Row};
use super::operations::{Handler, Kind, OPERATIONS, Operation};
use super::samples::{Sample, samples};
use super::wire::field;

const INTRODUCTION: &str = "\
# The Colppy API

Rendered from `crates/api/src/colppy/` by a test; `UPDATE_DOCS=1 cargo test -p ventanilla-api`
brings it up to date. The law is docs/spec/colppy.md: what the page of `Pago.leer_pago` prints is
answered letter by letter; what other public documents and clients show is followed; the rest is
ours, and is told so here.

The examples tell one story of a company with an invoice 4017. In the demo's books `leer_pago` answers
as printed here; the ids of what one enters there are others.

## The call

`POST /lib/frontera2/service.php`, or the short `/colppy` (ours): in any letter case, with
slashes around it or not. `GET` with a body and `HEAD` do the same, `OPTIONS` answers `{}`. The
body is one JSON object of at most 64 KiB, whatever the content type says. Every answer is HTTP 200,
and may be read from a page of any origin.

| key | what it is |
|---|---|
| `auth` | the developer's `usuario` and `password` |
| `service` | what is called: `provision` and `operacion`, in any letter case |
| `parameters` | what the operation reads, and `sesion` with `usuario` and `claveSesion` |

A password is sent as the MD5 of its UTF-8 text, 32 hexadecimal digits in either case; what is not
of that form is taken as the password itself (ours). Names of parameters are matched exactly, or
else without regard to case; unknown ones are passed over; one that is null or `\"\"` is missing. Ids
and amounts come as texts or as numbers: an amount is an exact decimal with a point. A day is
`16-08-2024`, `16/08/2024` or `2024-08-16`; `0000-00-00` is none. An array may also come as JSON
inside a text.

After ten failures of one name from one network in a minute, that name waits there for the rest of
it (`estado` 190), also with the right password. Whoever calls too often is told so the same way, with `Retry-After`.

The answer repeats `provision` and `operacion` as they were sent. `version` is there once the
operation is known, and `response_date` is the time three hours behind UTC.

";

const LISTS: &str = "\
## Lists

`start` rows are passed over and `limit`, from 1, are told: 50 when nobody says, and never more than
5000. `total` counts all rows that the filter takes; past the end `data` is `[]`.

`filter` is an array of `{\"field\":…,\"op\":…,\"value\":…}` that hold together. `op` is `=`, `<>`, `>=`
or `<=`; `!=`, `>` and `<` are ours, as is how values are compared:

| field | how |
|---|---|
| numbers, amounts | as numbers |
| `nroFactura` | by its two numbers, padded or not: `1-5` is `0001-00000005` |
| `nroFactura1`, `nroFactura2` | as numbers of up to 5 and 8 digits, padded or not |
| days | as days: `16-08-2024`, `16/08/2024`, `2024-08-16` |
| texts | as a reader of Spanish sorts them: case and accents do not count, by `=` neither; ñ is a letter of its own, after n |
| `idTipoComprobante`, `idMoneda`, `valorCambio`, `IIBBLocal`, `IIBBOtro` | as texts, but for `=` and `<>` the forms that `alta_facturacompra` takes as one are one: `FAC`, `Fc` and `1` |
| CUIT | digit by digit, with or without dashes |

An empty or absent `value` stands for no text, no CUIT, and with `=` and `<>` for no day; elsewhere
it is missing. A row without a day is neither before nor after one. At most 50 conditions (ours).

`order` is `{\"field\":…,\"dir\":\"ASC\"}`, one or an array of them; `order` may stand for `dir`, and
both it and `field` may be arrays: the first direction is the first field's, and the last goes on. A
name alone stands for its field, ascending: `\"RazonSocial\"`, `[\"RazonSocial\",\"CUIT\"]` (ours). Fields
that the list has not are passed over. Values stand in the order by which a filter compares them;
texts that are equal there come by their characters, once all fields are equal, and then rows by id.

`start`, `limit` (ours), `filter` and `order` may each stand inside `parameters` or beside it, next
to `auth` and `service`; the one inside is taken where both say something.

";

fn access(operation: &Operation) -> &'static str {
    match (operation.handler, operation.kind) {
        (Handler::Open(_), Kind::Read) => "needs no session; reads",
        (Handler::Open(_), Kind::Write) => "needs no session; writes",
        (Handler::Read(_) | Handler::Wait(_), Kind::Read) => "needs a session; reads",
        (Handler::Read(_) | Handler::Wait(_), Kind::Write) => "needs a session; writes",
    }
}

fn operation(page: &mut String, operation: &Operation, sample: &Sample) {
    let Operation { provision, name, purpose, source, parameters, .. } = operation;
    let access = access(operation);
    writeln!(page, "## {provision}.{name}\n\n{purpose} It {access}. Source: {source}.\n").unwrap();
    if !parameters.is_empty() {
        writeln!(page, "| parameter | | form |\n|---|---|---|").unwrap();
    }
    for parameter in *parameters {
        let need = if parameter.is_required { "required" } else { "optional" };
        writeln!(page, "| `{}` | {need} | {} |", parameter.name, parameter.form).unwrap();
    }
    let gap = if parameters.is_empty() { "" } else { "\n" };
    let (request, response) = (sample.request(), sample.response());
    writeln!(page, "{gap}```json\n{request}\n```\n\n`response`:\n").unwrap();
    writeln!(page, "```json\n{response}\n```\n").unwrap();
}

fn stopped(page: &mut String, rows: Vec<Row>) {
    writeln!(page, "| `estado` | `mensaje` | when |\n|---|---|---|").unwrap();
    for (why, problem) in rows {
        let Problem::Stopped { state, message, .. } = problem else { panic!("{why}") };
        writeln!(page, "| {state} | {message} | {why} |").unwrap();
    }
}

fn refused(page: &mut String, of: &str, rows: Vec<Row>) {
    for (why, problem) in rows {
        let told = match problem {
            Problem::Refused { message, .. } => message.into_owned(),
            Problem::Stopped { state, message, .. } => format!("`estado` {state}: {message}"),
        };
        writeln!(page, "| {of} | {told} | {why} |").unwrap();
    }
}

fn failures(page: &mut String) {
    page.push_str(
        "## Failures\n\nThe first check that fails is told. Before the operation, `response` is \
         null; the sentences of 1 and 602 are public, those of the others are ours.\n\n",
    );
    stopped(page, rows::of_calls());
    page.push_str("\nOf any operation, ours, with `response` null:\n\n");
    stopped(page, rows::of_failures());
    page.push_str(
        "\nWhere the operation itself says no, `estado` is 0 and `response` is \
         `{\"success\":false,\"message\":…}`:\n\n| operation | `message` | when |\n|---|---|---|\n",
    );
    refused(page, "any", rows::of_parameters());
    for (of, rows) in rows::of_operations() {
        refused(page, of, rows);
    }
}

fn rendered() -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str(LISTS);
    for (one, sample) in OPERATIONS.iter().zip(samples()) {
        operation(&mut page, one, &sample);
    }
    failures(&mut page);
    page
}

#[test]
fn the_reference_in_the_docs_is_this_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/colppy.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, rendered()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, rendered(), "run with UPDATE_DOCS=1 to bring docs/colppy.md up to date");
}

#[test]
fn the_reference_names_what_every_call_has() {
    for name in [field::AUTH, field::SERVICE, field::PARAMETERS, field::SESSION, field::SESSION_KEY]
    {
        assert!(INTRODUCTION.contains(&format!("`{name}`")), "{name}");
    }
}
