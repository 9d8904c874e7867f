//! Amounts in Spanish words, as they stand on a paper: `Ciento cuarenta y cinco 70/100 Bolivianos`.

use ventanilla_domain::{Currency, Money};

/// An amount in words: the whole part, the hundredths as a fraction, the currency (docs/spec/cooplan.md
/// §4). Any amount has one; a negative one begins with `Menos`.
///
/// The number does not stand right before the currency, so it keeps its full form: `Veintiuno 00/100
/// Bolivianos`, but `Veintiún mil`.
pub fn amount_in_words(amount: Money) -> String {
    let minor = amount.to_minor();
    let (whole, hundredths) = (minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
    let sign = if minor < 0 { "menos " } else { "" };
    let number = format!("{sign}{}", number_in_words(whole));
    format!("{} {hundredths:02}/100 {}", capitalised(&number), plural_of(amount.currency()))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// What several of a currency are called. Never the singular: the word follows the hundredths.
fn plural_of(currency: Currency) -> &'static str {
    match currency.to_code() {
        "BOB" => "Bolivianos",
        "BRL" => "Reales",
        "CRC" => "Colones",
        "EUR" => "Euros",
        "GTQ" => "Quetzales",
        "HNL" => "Lempiras",
        "NIO" => "Córdobas",
        "PAB" => "Balboas",
        "PEN" => "Soles",
        "USD" => "Dólares",
        "UYU" => "Pesos uruguayos",
        "VES" => "Bolívares",
        // ARS, COP, CUP, DOP, MXN.
        _ => "Pesos",
    }
}

/// A whole number in words: in the long scale, where a billón is a million millions.
fn number_in_words(number: u64) -> String {
    if number == 0 {
        return "cero".to_owned();
    }
    let mut words = Vec::new();
    for (scale, singular, plural) in [
        (1_000_000_000_000_000_000, "trillón", "trillones"),
        (1_000_000_000_000, "billón", "billones"),
        (1_000_000, "millón", "millones"),
    ] {
        match number / scale % 1_000_000 {
            0 => {}
            1 => words.extend(["un", singular]),
            count => {
                below_million(count, "un", &mut words);
                words.push(plural);
            }
        }
    }
    below_million(number % 1_000_000, "uno", &mut words);
    words.join(" ")
}

/// `one` is the form of a one at the end: `uno`, or `un` before what is counted.
fn below_million(number: u64, one: &'static str, words: &mut Vec<&'static str>) {
    match number / 1_000 {
        0 => {}
        1 => words.push("mil"),
        thousands => {
            below_thousand(thousands, "un", words);
            words.push("mil");
        }
    }
    below_thousand(number % 1_000, one, words);
}

fn below_thousand(number: u64, one: &'static str, words: &mut Vec<&'static str>) {
    const HUNDREDS: [&str; 10] = [
        "",
        "ciento",
        "doscientos",
        "trescientos",
        "cuatrocientos",
        "quinientos",
        "seiscientos",
        "setecientos",
        "ochocientos",
        "novecientos",
    ];
    match (number / 100, number % 100) {
        (0, rest) => below_hundred(rest, one, words),
        (1, 0) => words.push("cien"),
        (hundreds, rest) => {
            words.push(HUNDREDS[usize::try_from(hundreds).expect("a digit")]);
            below_hundred(rest, one, words);
        }
    }
}

fn below_hundred(number: u64, one: &'static str, words: &mut Vec<&'static str>) {
    const FIRST: [&str; 30] = [
        "",
        "",
        "dos",
        "tres",
        "cuatro",
        "cinco",
        "seis",
        "siete",
        "ocho",
        "nueve",
        "diez",
        "once",
        "doce",
        "trece",
        "catorce",
        "quince",
        "dieciséis",
        "diecisiete",
        "dieciocho",
        "diecinueve",
        "veinte",
        "",
        "veintidós",
        "veintitrés",
        "veinticuatro",
        "veinticinco",
        "veintiséis",
        "veintisiete",
        "veintiocho",
        "veintinueve",
    ];
    const TENS: [&str; 10] = [
        "",
        "",
        "",
        "treinta",
        "cuarenta",
        "cincuenta",
        "sesenta",
        "setenta",
        "ochenta",
        "noventa",
    ];
    match number {
        0 => {}
        1 => words.push(one),
        21 => words.push(if one == "un" { "veintiún" } else { "veintiuno" }),
        2..30 => words.push(FIRST[usize::try_from(number).expect("below 30")]),
        _ => {
            words.push(TENS[usize::try_from(number / 10).expect("a digit")]);
            if !number.is_multiple_of(10) {
                words.push("y");
                below_hundred(number % 10, one, words);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_reads_as_people_write_it() {
        for (minor, words) in [
            (0, "Cero 00/100 Bolivianos"),
            (1, "Cero 01/100 Bolivianos"),
            (100, "Uno 00/100 Bolivianos"),
            (1_650, "Dieciséis 50/100 Bolivianos"),
            (2_000, "Veinte 00/100 Bolivianos"),
            (2_100, "Veintiuno 00/100 Bolivianos"),
            (2_205, "Veintidós 05/100 Bolivianos"),
            (2_300, "Veintitrés 00/100 Bolivianos"),
            (2_699, "Veintiséis 99/100 Bolivianos"),
            (3_000, "Treinta 00/100 Bolivianos"),
            (3_100, "Treinta y uno 00/100 Bolivianos"),
            (9_900, "Noventa y nueve 00/100 Bolivianos"),
            (10_000, "Cien 00/100 Bolivianos"),
            (10_100, "Ciento uno 00/100 Bolivianos"),
            (13_676, "Ciento treinta y seis 76/100 Bolivianos"),
            (14_570, "Ciento cuarenta y cinco 70/100 Bolivianos"),
            (20_000, "Doscientos 00/100 Bolivianos"),
            (55_555, "Quinientos cincuenta y cinco 55/100 Bolivianos"),
            (77_700, "Setecientos setenta y siete 00/100 Bolivianos"),
            (90_000, "Novecientos 00/100 Bolivianos"),
            (100_000, "Mil 00/100 Bolivianos"),
            (100_100, "Mil uno 00/100 Bolivianos"),
            (110_000, "Mil cien 00/100 Bolivianos"),
            (200_000, "Dos mil 00/100 Bolivianos"),
            (2_100_000, "Veintiún mil 00/100 Bolivianos"),
            (2_102_100, "Veintiún mil veintiuno 00/100 Bolivianos"),
            (3_100_000, "Treinta y un mil 00/100 Bolivianos"),
            (10_000_000, "Cien mil 00/100 Bolivianos"),
            (10_100_000, "Ciento un mil 00/100 Bolivianos"),
            (12_100_000, "Ciento veintiún mil 00/100 Bolivianos"),
            (
                99_999_999,
                "Novecientos noventa y nueve mil novecientos noventa y nueve 99/100 Bolivianos",
            ),
            (100_000_000, "Un millón 00/100 Bolivianos"),
            (100_000_100, "Un millón uno 00/100 Bolivianos"),
            (100_100_000, "Un millón mil 00/100 Bolivianos"),
            (200_000_000, "Dos millones 00/100 Bolivianos"),
            (2_100_000_000, "Veintiún millones 00/100 Bolivianos"),
            (10_000_000_000, "Cien millones 00/100 Bolivianos"),
            (
                99_999_999_999,
                "Novecientos noventa y nueve millones novecientos noventa y nueve mil novecientos \
                 noventa y nueve 99/100 Bolivianos",
            ),
            // The greatest amount of a bill, and of a payout.
            (Money::BILL_MAX_MINOR, "Mil millones 00/100 Bolivianos"),
            (100_100_000_000, "Mil un millones 00/100 Bolivianos"),
            (Money::PAYABLE_MAX_MINOR, "Un billón 00/100 Bolivianos"),
            (200_000_000_000_000, "Dos billones 00/100 Bolivianos"),
            (
                i64::MAX,
                "Noventa y dos mil doscientos treinta y tres billones setecientos veinte mil \
                 trescientos sesenta y ocho millones quinientos cuarenta y siete mil setecientos \
                 cincuenta y ocho 07/100 Bolivianos",
            ),
            (-720, "Menos siete 20/100 Bolivianos"),
        ] {
            let amount = Money::from_minor(minor, Currency::BOB);
            assert_eq!(amount_in_words(amount), words, "{minor}");
        }
    }

    #[test]
    fn no_two_numbers_read_the_same() {
        let mut seen = std::collections::HashSet::new();
        for number in (0..100_000).chain((1..1_000).map(|count| count * 1_000_003)) {
            let words = number_in_words(number);
            assert!(!words.contains("  ") && words.trim() == words, "{number}: {words}");
            assert!(seen.insert(words), "{number}");
        }
    }

    #[test]
    fn every_currency_has_its_name() {
        for code in Currency::CODES {
            let currency = Currency::from_code(code).unwrap();
            let is_a_peso = matches!(code, "ARS" | "COP" | "CUP" | "DOP" | "MXN");
            assert_eq!(plural_of(currency) == "Pesos", is_a_peso, "{code}");
        }
    }
}
