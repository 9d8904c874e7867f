//! The proof on a receipt: what was paid, signed, so that anyone can check a paper without asking us,
//! and ask us whether the payment still stands.
//!
//! A code is `13/4224408/4303567/315/202110/145.70/BOB/20211126T121152/<signature>`: company,
//! `IdCobranza`, `IdFactura`, contract, period, amount, currency, and when it was paid in the company's
//! time. The signature is Ed25519 (RFC 8032) over `ventanilla-comprobante-1:` and all that stands before
//! it, in the letters of base64 for URLs. It is deterministic: a payment has one code.
//!
//! A code is a path of an address, and has nothing in it that a proxy or a scanner may spell otherwise
//! (RFC 3986, 6.2.2): of a contract's code the letters, digits, `-` and `_` of ASCII stand for themselves, and
//! every other byte is `~` and two hexadecimal digits.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::civil::DateTime;
use ventanilla_domain::{
    BillId, Company, CompanyId, ContractCode, Currency, Label, Money, Name, Payment, PaymentId,
    Period, civil_at,
};
use ventanilla_store::{Keys, StoreError, View, to_hex};

use crate::failure::damaged;
use crate::printing::issuer_of_number;
use crate::{Failure, Service};

/// What is signed before the facts, so that a signature is of nothing else.
const PURPOSE: &str = "ventanilla-comprobante-1:";

/// Characters of a code at most: any longer text is none.
const CODE_LEN_MAX: usize = 1_000;

/// What a receipt's code says of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Whose bill was paid.
    pub company: CompanyId,
    /// The payment.
    pub payment: PaymentId,
    /// The bill.
    pub bill: BillId,
    /// The contract's code when it was paid.
    pub contract: ContractCode,
    /// The bill's period.
    pub period: Period,
    /// How much.
    pub amount: Money,
    /// When, in the company's time: whole seconds.
    pub paid_at: DateTime,
}

/// Why a code proves nothing, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptRefusal {
    /// The text is no code of a receipt.
    #[error("not a receipt's code")]
    Malformed,
    /// The signature is not this key's of these facts: something was altered, or another signed.
    #[error("the signature is not right")]
    Forged,
    /// The signature is right, and the books know no such payment: they are older than the paper.
    #[error("the books know no such payment")]
    PaymentUnknown,
}

/// A receipt whose payment is in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownReceipt {
    /// What the code says.
    pub receipt: Receipt,
    /// The company's name, as the paper has it.
    pub company: Name,
    /// Who took the money.
    pub collector: Label,
    /// When it was reversed, in the company's time, if it was.
    pub reversed_at: Option<DateTime>,
}

/// The key that checks receipts: 32 bytes that anyone may know, shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ReceiptKey(VerifyingKey);

impl fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceiptKey({self})")
    }
}

impl fmt::Display for ReceiptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(self.0.as_bytes()))
    }
}

impl ReceiptKey {
    /// Takes 64 hexadecimal digits; `None` for what is no key.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).ok()?;
        }
        VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak()).map(Self)
    }

    /// What a code says, once its signature was found right. It takes a code as it is, or whatever
    /// a receipt's QR code says, which ends with it.
    ///
    /// Needs no books: whether the payment was reversed later, only they know. Refusals in the
    /// order of [`ReceiptRefusal`]; never [`ReceiptRefusal::PaymentUnknown`].
    pub fn check(&self, text: &str) -> Result<Receipt, ReceiptRefusal> {
        self.check_code(code_in(text)?)
    }

    fn check_code(&self, code: &str) -> Result<Receipt, ReceiptRefusal> {
        let (facts, signature) = code.rsplit_once('/').ok_or(ReceiptRefusal::Malformed)?;
        let receipt = Receipt::from_facts(facts).ok_or(ReceiptRefusal::Malformed)?;
        let is_right = self.has_signed(PURPOSE, facts, signature);
        let is_right = is_right.ok_or(ReceiptRefusal::Malformed)?;
        if is_right { Ok(receipt) } else { Err(ReceiptRefusal::Forged) }
    }

    /// Whether a text's signature is right; `None` of what is no signature.
    pub(crate) fn has_signed(&self, purpose: &str, text: &str, signature: &str) -> Option<bool> {
        let bytes = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let signature = Signature::from_slice(&bytes).ok()?;
        Some(self.0.verify_strict([purpose, text].concat().as_bytes(), &signature).is_ok())
    }
}

/// What comes before the code in a receipt's QR code and in the path of its page.
pub const RECEIPT_PATH: &str = "comprobante/";

/// The parts of a code: eight facts and the signature.
const PARTS_LEN: usize = 9;

/// The code at the end of a text: its last nine parts, without what an address may have after them.
fn code_in(text: &str) -> Result<&str, ReceiptRefusal> {
    let text = text.trim();
    let path = text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let mut slashes = path.rmatch_indices('/').map(|(place, _)| place);
    let begin = slashes.nth(PARTS_LEN - 1).map_or(0, |slash| slash + 1);
    let code = &path[begin..];
    if code.len() <= CODE_LEN_MAX { Ok(code) } else { Err(ReceiptRefusal::Malformed) }
}

impl Receipt {
    fn of(company: &Company, payment: &Payment) -> Self {
        let paid_at = civil_at(company, payment.recorded_at);
        Self {
            company: company.id,
            payment: payment.id,
            bill: payment.bill,
            contract: payment.contract_code.clone(),
            period: payment.period,
            amount: payment.amount,
            paid_at: paid_at.with().subsec_nanosecond(0).build().unwrap_or(paid_at),
        }
    }

    fn to_facts(&self) -> String {
        let Self { company, payment, bill, period, paid_at, .. } = self;
        let contract = spelt(self.contract.as_str());
        let (amount, currency) = (self.amount.to_decimal(), self.amount.currency().to_code());
        let paid_at = paid_at.strftime(TIME);
        format!("{company}/{payment}/{bill}/{contract}/{period}/{amount}/{currency}/{paid_at}")
    }

    /// Facts read one for one: what is written otherwise than [`Receipt::to_facts`] writes is none.
    fn from_facts(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let [company, payment, bill, contract, period, amount, currency, paid_at] =
            <[&str; 8]>::try_from(parts).ok()?;
        let contract = read(contract)?;
        let currency = Currency::from_code(currency).ok()?;
        let minor: i64 = amount.replace('.', "").parse().ok()?;
        let receipt = Self {
            company: CompanyId::from_i64(company.parse().ok()?).ok()?,
            payment: PaymentId::from_i64(payment.parse().ok()?).ok()?,
            bill: BillId::from_i64(bill.parse().ok()?).ok()?,
            contract: ContractCode::from_text(&contract).ok()?,
            period: Period::from_yyyymm(period.parse().ok()?).ok()?,
            amount: Money::from_minor(minor, currency),
            paid_at: DateTime::strptime(TIME, paid_at).ok()?,
        };
        (receipt.to_facts() == text).then_some(receipt)
    }
}

/// When, as a code says it.
const TIME: &str = "%Y%m%dT%H%M%S";

/// A text in the letters of a code.
fn spelt(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut spelt, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            spelt.push(char::from(byte));
        } else {
            write!(spelt, "~{byte:02X}").expect("writing to a String does not fail");
        }
        spelt
    })
}

/// The text that [`spelt`] made, and perhaps others: the caller spells it again and compares.
fn read(spelt: &str) -> Option<String> {
    let mut parts = spelt.split('~');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// Signs receipts.
pub(crate) struct ReceiptSigner(SigningKey);

impl fmt::Debug for ReceiptSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiptSigner")
    }
}

impl ReceiptSigner {
    pub(crate) fn new(keys: &Keys) -> Self {
        Self(SigningKey::from_bytes(&keys.receipt_seed()))
    }

    pub(crate) fn key(&self) -> ReceiptKey {
        ReceiptKey(self.0.verifying_key())
    }

    fn code(&self, receipt: &Receipt) -> String {
        let facts = receipt.to_facts();
        let signature = self.sign(PURPOSE, &facts);
        format!("{facts}/{signature}")
    }

    /// The signature of a text, for a purpose that nothing else is signed for.
    pub(crate) fn sign(&self, purpose: &str, text: &str) -> String {
        let signature = self.0.sign([purpose, text].concat().as_bytes());
        URL_SAFE_NO_PAD.encode(signature.to_bytes())
    }
}

impl Service {
    /// The code that proves a payment: below 600 characters, the same whenever it is asked for.
    pub fn receipt_code(&self, company: &Company, payment: &Payment) -> String {
        self.receipts().code(&Receipt::of(company, payment))
    }

    /// The key that checks the codes of this installation.
    pub fn receipt_key(&self) -> ReceiptKey {
        self.receipts().key()
    }

    /// What the books know of a receipt: that it was paid so, and whether it was reversed.
    ///
    /// Refusals in the order of [`ReceiptRefusal`]. Who has no code learns nothing.
    pub fn check_receipt(&self, text: &str) -> Result<KnownReceipt, Failure<ReceiptRefusal>> {
        let receipt = self.receipt_key().check(text).map_err(Failure::Refused)?;
        self.read_decided(|view| known(view, receipt.clone()))
    }
}

fn known(
    view: &View<'_>,
    receipt: Receipt,
) -> Result<Result<KnownReceipt, ReceiptRefusal>, StoreError> {
    let Some(company) = view.company(receipt.company)? else {
        return Ok(Err(ReceiptRefusal::PaymentUnknown));
    };
    // The same id of other facts is another payment: the books were set back, and went on.
    let payment = view.payment(&company, receipt.payment)?;
    let payment = payment.filter(|payment| Receipt::of(&company, payment) == receipt);
    let Some(payment) = payment else { return Ok(Err(ReceiptRefusal::PaymentUnknown)) };
    let reversal = view.reversal(&company, payment.id)?;
    let issuer = issuer_of_number(view, company.id, payment.issuer)?;
    let collector = view.collector(payment.collector)?;
    Ok(Ok(KnownReceipt {
        receipt,
        company: issuer.and_then(|issuer| issuer.name).unwrap_or_else(|| company.name.clone()),
        collector: collector.ok_or_else(|| damaged("a payment has no collector"))?.name,
        reversed_at: reversal.map(|reversal| civil_at(&company, reversal.recorded_at)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(contract: &str) -> Receipt {
        Receipt {
            company: CompanyId::from_i64(13).unwrap(),
            payment: PaymentId::from_i64(4_224_408).unwrap(),
            bill: BillId::from_i64(4_303_567).unwrap(),
            contract: ContractCode::from_text(contract).unwrap(),
            period: Period::from_yyyymm(202_110).unwrap(),
            amount: Money::from_minor(14_570, Currency::BOB),
            paid_at: "2021-11-26T12:11:52".parse().unwrap(),
        }
    }

    fn signer(seed: u8) -> ReceiptSigner {
        ReceiptSigner::new(&Keys::from_random([seed; 64]))
    }

    #[test]
    fn a_code_says_what_was_paid_in_words_that_people_can_read() {
        let code = signer(7).code(&receipt("315"));
        let facts = "13/4224408/4303567/315/202110/145.70/BOB/20211126T121152/";
        let signature = code.strip_prefix(facts).unwrap();
        assert_eq!(signature.len(), 86);
        assert_eq!(code, signer(7).code(&receipt("315")), "a payment has one code");
    }

    #[test]
    fn a_code_is_taken_however_it_was_scanned() {
        let signer = signer(7);
        for contract in ["Ñ/7 á%", "12-345", "A/7.b", "..", "~", "comprobante", "x/comprobante"] {
            let receipt = receipt(contract);
            let code = signer.code(&receipt);
            for text in [
                code.clone(),
                format!(" {code}\n"),
                format!("comprobante/{code}"),
                format!("https://pagos.example/base/comprobante/{code}"),
                format!("https://pagos.example/comprobante/comprobante/{code}/?utm=1#x"),
            ] {
                assert_eq!(signer.key().check(&text), Ok(receipt.clone()), "{text}");
            }
            // Nothing that a proxy may spell otherwise, and no part that it may take out.
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
            assert!(code.bytes().all(is_plain), "{code}");
            assert!(!code.split('/').any(|part| matches!(part, "" | "." | "..")), "{code}");
        }
        assert!(signer.code(&receipt("Ñ/7 á%")).contains("/~C3~91~2F7~20~C3~A1~25/"));
    }

    #[test]
    fn a_code_changed_anywhere_proves_nothing() {
        let signer = signer(7);
        let code = signer.code(&receipt("315"));
        for place in 0..code.len() {
            for with in ["0", "1", "A", "a", "/", "~31", "%31", ""] {
                let mut changed = code.clone();
                changed.replace_range(place..=place, with);
                if changed != code {
                    assert!(signer.key().check(&changed).is_err(), "{changed}");
                }
            }
        }
        let dearer = code.replace("145.70", "945.70");
        assert_eq!(signer.key().check(&dearer), Err(ReceiptRefusal::Forged));
        let other = self::signer(8).key();
        assert_eq!(other.check(&code), Err(ReceiptRefusal::Forged));
    }

    #[test]
    fn what_is_no_code_is_told_so() {
        let key = signer(7).key();
        let long = "1/".repeat(600);
        let facts = "13/4224408/4303567/315/202110/145.70/BOB/20211126T121152";
        let short = format!("{facts}/AAAA");
        for text in ["", "/", "hola", facts, &long, &short, "ñ/ñ/ñ/ñ/ñ/ñ/ñ/ñ/ñ", "comprobante/"]
        {
            assert_eq!(key.check(text), Err(ReceiptRefusal::Malformed), "{text}");
        }
        let zeroed = format!("{facts}/{}", "A".repeat(86));
        assert_eq!(key.check(&zeroed), Err(ReceiptRefusal::Forged));
    }

    #[test]
    fn a_key_is_told_and_taken_as_hexadecimal_digits() {
        let key = signer(7).key();
        assert_eq!(ReceiptKey::from_hex(&key.to_string()), Some(key));
        assert_eq!(ReceiptKey::from_hex(&key.to_string().to_uppercase()), Some(key));
        let zeros = "0".repeat(64);
        for text in ["", "12", &zeros, &"g".repeat(64), &"ñ".repeat(32)] {
            assert_eq!(ReceiptKey::from_hex(text), None, "{text}");
        }
    }
}
