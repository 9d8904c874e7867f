//! A line of JSON as a row: an object whose keys are the columns' names.

use std::borrow::Cow;

use serde_json::Deserializer;
use serde_json::value::RawValue;

use super::Verdict;
use super::columns::{BillColumn, Column, Columns};
use super::problem::JsonProblem;
use super::record::Record;
use super::verdict::{CellProblem, on_cell, on_line, quoted};

/// What an object has before each `:`.
const KEY: &str = "un nombre entre comillas";

/// Reads a line into the cells of a record and the places of its columns. A number is taken as it
/// stands in the file, and `null` is an empty cell.
///
/// Errors in order of the line: it is no object or does not end, a key is unknown or there twice, a
/// value is neither a text nor a number.
pub(super) fn read_row(
    text: &str,
    line: u64,
    columns: &mut Columns,
    record: &mut Record,
) -> Result<(), Verdict> {
    columns.clear();
    record.clear();
    for member in Members::of(text) {
        let (key, value) = member.map_err(|problem| on_line(line, &problem))?;
        let Some(column) = columns.find(&key) else {
            let (key, known) = (quoted(&key), columns.names);
            return Err(on_line(line, &JsonProblem::UnknownKey { key, known }));
        };
        let name = columns.names[column];
        if !columns.place(column, record.len()) {
            return Err(on_cell(line, name, &JsonProblem::Twice));
        }
        let cell = if value.starts_with('[') && name == BillColumn::Details.to_name() {
            details(value).map(Cow::Owned)
        } else {
            scalar(value)
        };
        record.push(&cell.map_err(|problem| on_cell(line, name, &problem))?);
    }
    Ok(())
}

/// The keys of the object in a line.
pub(super) fn keys(text: &str) -> Result<Vec<String>, JsonProblem> {
    Members::of(text).map(|member| Ok(member?.0.into_owned())).collect()
}

/// The members of the one object in a text: each key with its value as it stands there. Nothing is
/// to be read after an error.
struct Members<'t> {
    rest: &'t str,
    is_begun: bool,
}

impl<'t> Members<'t> {
    const fn of(text: &'t str) -> Self {
        Self { rest: text.trim_ascii(), is_begun: false }
    }

    fn read(&mut self) -> Result<Option<(Cow<'t, str>, &'t str)>, JsonProblem> {
        if !self.is_begun {
            self.expect('{', "«{»")?;
        }
        if self.take('}') {
            let is_end = self.rest.trim_ascii_start().is_empty();
            return if is_end { Ok(None) } else { Err(self.expected("el fin de la línea")) };
        }
        if self.is_begun {
            self.expect(',', "«,» o «}»")?;
        }
        self.is_begun = true;
        let before = self.rest;
        let Some(key) = unescaped(self.value(KEY)?) else {
            self.rest = before;
            return Err(self.expected(KEY));
        };
        self.expect(':', "«:»")?;
        Ok(Some((key, self.value("un texto entre comillas, un número o null")?)))
    }

    /// Takes one value of any kind, as it stands in the text.
    fn value(&mut self, expected: &'static str) -> Result<&'t str, JsonProblem> {
        let mut values = Deserializer::from_str(self.rest).into_iter::<&RawValue>();
        match values.next() {
            Some(Ok(value)) => {
                self.rest = &self.rest[values.byte_offset()..];
                Ok(value.get())
            }
            Some(Err(error)) if !error.is_eof() && !is_number_begun(self.rest) => {
                Err(self.expected(expected))
            }
            Some(Err(_)) | None => Err(JsonProblem::Cut),
        }
    }

    fn take(&mut self, mark: char) -> bool {
        match self.rest.trim_ascii_start().strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, mark: char, expected: &'static str) -> Result<(), JsonProblem> {
        if self.take(mark) { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn expected(&self, expected: &'static str) -> JsonProblem {
        match self.rest.trim_ascii() {
            "" => JsonProblem::Cut,
            rest => JsonProblem::Expected { expected, rest: quoted(rest) },
        }
    }
}

impl<'t> Iterator for Members<'t> {
    type Item = Result<(Cow<'t, str>, &'t str), JsonProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Whether a text ends where a number of JSON cannot.
fn is_number_begun(text: &str) -> bool {
    text.ends_with(['-', '+', '.', 'e', 'E'])
}

/// What a text says; `None` for another value, or half a pair of `\u` escapes.
fn unescaped(value: &str) -> Option<Cow<'_, str>> {
    let text = value.strip_prefix('"')?.strip_suffix('"')?;
    if text.contains('\\') {
        serde_json::from_str(value).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(text))
    }
}

/// The cell that a text, a number or `null` is.
fn scalar(value: &str) -> Result<Cow<'_, str>, CellProblem> {
    let found = match value.as_bytes().first() {
        Some(b'n') => return Ok(Cow::Borrowed("")),
        Some(b'-' | b'0'..=b'9') => return Ok(Cow::Borrowed(value)),
        Some(b'[') => "una lista",
        Some(b'{') => "un objeto",
        Some(b't' | b'f') => "un valor lógico (true o false)",
        _ => {
            let problem = || CellProblem::Escape { cell: quoted(value) };
            return unescaped(value).ok_or_else(problem);
        }
    };
    Err(CellProblem::Kind { found })
}

/// The cell that a list of `{"concepto":"Agua","importe":35.98}` is: `Agua=35.98|…`.
fn details(list: &str) -> Result<String, CellProblem> {
    let wrong = |part| CellProblem::DetailObject { part: quoted(part) };
    let parts: Option<Vec<&RawValue>> = serde_json::from_str(list).ok();
    let parts = parts.ok_or_else(|| wrong(list))?.into_iter().map(RawValue::get);
    let cells = parts.map(|part| detail(part).ok_or_else(|| wrong(part)));
    Ok(cells.collect::<Result<Vec<_>, _>>()?.join("|"))
}

/// `None` where the object has other keys, or texts that would be read otherwise in a cell.
fn detail(object: &str) -> Option<String> {
    let (mut concept, mut amount) = (None, None);
    for member in Members::of(object) {
        let (key, value) = member.ok()?;
        let place = match key.to_ascii_lowercase().as_str() {
            "concepto" => &mut concept,
            "importe" => &mut amount,
            _ => return None,
        };
        let value = scalar(value).ok().filter(|value| !value.contains('|'))?;
        if place.replace(value).is_some() {
            return None;
        }
    }
    let amount = amount.filter(|amount| !amount.contains('='))?;
    Some(format!("{}={amount}", concept?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells of a line of bills, each as `column=cell`.
    fn read(text: &str) -> Result<Vec<String>, Verdict> {
        let (mut columns, mut record) = (Columns::nowhere::<BillColumn>(), Record::default());
        read_row(text, 7, &mut columns, &mut record)?;
        let keys = keys(text).expect("a row has keys").into_iter();
        Ok(keys.zip(record.cells()).map(|(key, cell)| format!("{key}={cell}")).collect())
    }

    #[test]
    fn a_value_is_a_cell_as_it_stands() {
        for (text, expected) in [
            ("{}", &[][..]),
            (" { } \r\n", &[]),
            (r#"{"factura":4303567,"monto":136.7}"#, &["factura=4303567", "monto=136.7"]),
            ("{ \"monto\" :\t-0.10 ,\r\"cuf\": null}\n", &["monto=-0.10", "cuf="]),
            (
                r#"{"monto":1e400,"ICE_tasas":100000000000000000000.0}"#,
                &["monto=1e400", "ICE_tasas=100000000000000000000.0"],
            ),
            (
                r#"{"contrato":" 0315 ","cuf":"","nro_fiscal":"null"}"#,
                &["contrato=0315", "cuf=", "nro_fiscal=null"],
            ),
            (
                r#"{"cuf":"\u00d1u\"\\/ \ud83d\ude00","\u0063ontrato":"a}"}"#,
                &["cuf=Ñu\"\\/ 😀", "contrato=a}"],
            ),
            (r#"{"detalle":"Agua=35.98|Ley=-7.20"}"#, &["detalle=Agua=35.98|Ley=-7.20"]),
            (
                r#"{"detalle":[{"concepto":"Agua","importe":35.98}, {"IMPORTE":"-7.20","concepto":"a=b"}]}"#,
                &["detalle=Agua=35.98|a=b=-7.20"],
            ),
            (r#"{"detalle":[]}"#, &["detalle="]),
        ] {
            let expected: Vec<_> = expected.iter().map(|cell| (*cell).to_owned()).collect();
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    /// Checks the column and a part of the sentence with which a line is refused.
    fn check_refused(text: &str, column: Option<&str>, message: &str) {
        let verdict = read(text).expect_err(text);
        assert_eq!((verdict.line, verdict.column), (7, column), "{text}: {}", verdict.message);
        assert!(verdict.message.contains(message), "{text}: {}", verdict.message);
    }

    #[test]
    fn a_line_that_is_cut_off_is_told_so() {
        let line = concat!(
            r#"{"cuf":"a\u00f1o", "monto":-1.5E+3,"#,
            r#""detalle":[{"concepto":"x","importe":1}],"ice_tasas":null}"#
        );
        assert_eq!(read(line).map(|cells| cells.len()), Ok(4));
        for len in 1..line.len() {
            for end in ["", "\n", " \r\n"] {
                check_refused(
                    &format!("{}{end}", &line[..len]),
                    None,
                    "El objeto JSON no se cierra: la línea está cortada o le falta una comilla o \
                     «}»; cada línea lleva un objeto entero.",
                );
            }
        }
    }

    #[test]
    fn a_line_that_is_no_json_is_told_where() {
        const VALUE: &str = "un texto entre comillas, un número o null";
        for (text, rest, expected) in [
            ("315,Elena\n", "315,Elena", "«{»"),
            ("[1]", "[1]", "«{»"),
            ("{}{}", "{}", "el fin de la línea"),
            ("{ } ,\r\n", ",", "el fin de la línea"),
            ("{monto:1}", "monto:1}", KEY),
            ("{1:1}", "1:1}", KEY),
            (r#"{"\ud800":1}"#, r#""\ud800":1}"#, KEY),
            (r#"{"monto":1,}"#, "}", KEY),
            (r#"{,"monto":1}"#, r#","monto":1}"#, KEY),
            (r#"{"monto":1,5}"#, "5}", KEY),
            (r#"{"monto" 1}"#, "1}", "«:»"),
            (r#"{"monto":1 "cuf":2}"#, r#""cuf":2}"#, "«,» o «}»"),
            (r#"{"monto":}"#, "}", VALUE),
            (r#"{"monto":01}"#, "01}", VALUE),
            (r#"{"monto":+1}"#, "+1}", VALUE),
            (r#"{"monto":1.}"#, "1.}", VALUE),
            (r#"{"monto":NaN}"#, "NaN}", VALUE),
            (r#"{"monto":'1'}"#, "'1'}", VALUE),
            ("{\"cuf\":\"a\tb\"}", r#""a\tb"}"#, VALUE),
            (r#"{"cuf":"\x"}"#, r#""\x"}"#, VALUE),
        ] {
            let sentence = format!("El JSON no es válido: donde dice «{rest}» debe ir {expected}.");
            check_refused(text, None, &sentence);
        }
    }

    #[test]
    fn a_key_or_a_value_that_is_not_taken_is_told() {
        let known = "La clave «mont» no se conoce; las claves son: factura, contrato,";
        check_refused(r#"{"mont":1}"#, None, known);
        check_refused(r#"{"":1}"#, None, "La clave «» no se conoce");
        check_refused(r#"{"monto":1,"Monto":1}"#, Some("monto"), "está dos veces en el objeto.");
        for (value, found) in [
            ("true", "un valor lógico (true o false)"),
            ("false", "un valor lógico (true o false)"),
            ("[1]", "una lista"),
            (r#"{"bs":1}"#, "un objeto"),
        ] {
            let sentence =
                format!("lleva {found}; escriba un texto entre comillas, un número o null.");
            check_refused(&format!("{{\"monto\":{value}}}"), Some("monto"), &sentence);
        }
        check_refused(r#"{"detalle":{"Agua":1}}"#, Some("detalle"), "lleva un objeto;");
        let escape = r#"«"\ud800"» no es un texto de JSON: sobra o falta un escape «\u»."#;
        check_refused(r#"{"cuf":"\ud800"}"#, Some("cuf"), escape);
    }

    #[test]
    fn a_detail_has_a_concept_and_an_amount_and_nothing_else() {
        let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
        for part in [
            "{}",
            "35.98",
            r#""Agua=1""#,
            r#"{"concepto":"a"}"#,
            r#"{"importe":1}"#,
            r#"{"concepto":"a","importe":[1]}"#,
            r#"{"concepto":"a","importe":1,"x":1}"#,
            r#"{"importe":1,"Importe":1}"#,
            // They would be other lines in a cell.
            r#"{"concepto":"a|b","importe":1}"#,
            r#"{"concepto":"a","importe":"1|b=2"}"#,
            r#"{"concepto":"a","importe":"b=2"}"#,
            &deep,
        ] {
            let sentence = format!(
                "«{}» no es una línea de detalle; escriba {{\"concepto\":\"Agua\",\
                 \"importe\":35.98}}, sin «|» en el concepto.",
                quoted(part)
            );
            let text = format!(r#"{{"detalle":[{{"concepto":"a","importe":1}},{part}]}}"#);
            check_refused(&text, Some("detalle"), &sentence);
        }
    }
}
