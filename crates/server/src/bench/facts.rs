//! What `bench print` prints: a full invoice, and the collections of a day.

use jiff::Timestamp;
use jiff::civil::date;
use ventanilla_documents::{Invoice, Letterhead};
use ventanilla_domain::{
    BillId, BillState, BillTerms, BillVersion, BusinessDay, CallerKey, CollectorId, Company,
    CompanyId, Contract, ContractKey, ContractState, Currency, DetailLine, FileId, Holder, Issuer,
    Label, Member, MemberId, Money, Payment, PaymentId, Period, Place, Policy, PrintedFacts,
    Reversal, SourceLine, Text, TextError, TimeZone,
};

/// A payment of the day, and its reversal where it was undone.
pub(super) type Collection = (Payment, Option<Reversal>);

/// The day of the report.
pub(super) const DAY: BusinessDay = BusinessDay::from_date(date(2021, 11, 26));

/// `2021-11-26T12:11:52` in La Paz.
const PAID_AT: Timestamp = Timestamp::constant(1_637_943_112, 0);
const REVERSED_AT: Timestamp = Timestamp::constant(1_637_945_712, 0);
/// Twelve lines of [`CHARGED`].
const BILLED: Money = money(14_580);
const CHARGED: Money = money(1_215);
const FIRST_PAYMENT: i64 = 4_224_408;
const FIRST_BILL: i64 = 4_303_567;

fn text<const MAX: usize>(text: &str) -> Result<Text<MAX>, TextError> {
    Text::from_text(text)
}

const fn money(minor: i64) -> Money {
    Money::from_minor(minor, Currency::BOB)
}

/// Whose papers they are.
pub(super) fn company() -> anyhow::Result<Company> {
    Ok(Company {
        id: CompanyId::from_i64(13)?,
        name: text("Cooplan")?,
        currency: Currency::BOB,
        time_zone: TimeZone::from_name("America/La_Paz")?,
        policy: Policy::default(),
        issuer: 1,
    })
}

/// Who took the money.
pub(super) fn collector() -> Result<Label, TextError> {
    text("Ventanilla Cooplan")
}

/// All that a full invoice says.
#[derive(Debug)]
pub(super) struct Paid {
    company: Company,
    issuer: Issuer,
    holder: Holder,
    version: BillVersion,
    payment: Payment,
    collector: Label,
    proof: String,
}

impl Paid {
    pub(super) fn invoice(&self) -> Invoice<'_> {
        Invoice {
            company: &self.company,
            letterhead: Letterhead::of(&self.company, Some(&self.issuer)),
            holder: &self.holder,
            version: &self.version,
            payment: &self.payment,
            reversal: None,
            collector: self.collector.as_str(),
            proof: &self.proof,
        }
    }
}

/// A paid bill with twelve detail lines and all that the tax office's QR code needs.
pub(super) fn paid() -> anyhow::Result<Paid> {
    let facts = "13/4224408/4303567/315/202110/145.80/BOB/20211126T121152";
    let signature = "Zm9vYmFy".repeat(11);
    Ok(Paid {
        company: company()?,
        issuer: issuer()?,
        holder: holder()?,
        version: version()?,
        payment: Payment { amount: BILLED, ..payment(0)? },
        collector: collector()?,
        proof: format!("https://pagos.cooplan.example/comprobante/{facts}/{signature}"),
    })
}

fn issuer() -> anyhow::Result<Issuer> {
    let settings = [
        ("issuer.name", "Cooperativa de Servicios Públicos Cooplan Ltda."),
        ("issuer.tax_id", "1023245028"),
        ("issuer.address", "Av. Blanco Galindo km 5, Zona Quillacollo"),
        ("issuer.municipality", "Cochabamba - Bolivia"),
        ("issuer.phone", "4-4260000"),
        ("issuer.activity", "Captación, tratamiento y distribución de agua"),
        ("issuer.legend", "Ley N.° 453: Tienes derecho a recibir información sobre los servicios."),
        ("issuer.public_url", "https://pagos.cooplan.example"),
    ];
    Ok(Issuer::default().with(settings)?)
}

fn holder() -> anyhow::Result<Holder> {
    let member = Member {
        id: MemberId::from_i64(12_394)?,
        is_assigned: false,
        name: text("Condori Villarroel Teresa")?,
        document_kind: None,
        document_number: None,
        tax_id: Some(text("3345678014")?),
        location: None,
        email: None,
        phone: None,
    };
    let contract = Contract {
        key: ContractKey::FIRST,
        code: text("315")?,
        member: member.id,
        state: ContractState::Active,
        address: Some(text("Calle Ñuflo de Chávez 1234")?),
        supply_point: None,
    };
    Ok(Holder { contract, member })
}

fn version() -> anyhow::Result<BillVersion> {
    Ok(BillVersion {
        contract: ContractKey::FIRST,
        bill: BillId::from_i64(FIRST_BILL)?,
        number: 1,
        terms: BillTerms {
            period: Period::from_yyyymm(202_110)?,
            amount: BILLED,
            state: BillState::Owed,
            printed: Box::new(printed()?),
        },
        revenue: Vec::new(),
        replaced_by: None,
        source: SourceLine { file: FileId::from_i64(1)?, line: 2 },
    })
}

fn printed() -> anyhow::Result<PrintedFacts> {
    let concepts = [
        "Agua potable",
        "Alcantarillado sanitario",
        "Cargo fijo",
        "Aseo urbano",
        "Alumbrado público",
        "Mantenimiento de medidor",
        "Reconexión",
        "Aporte a la cooperativa",
        "Cuota de conexión",
        "Recargo por mora",
        "Tratamiento de aguas",
        "Fondo de obras",
    ];
    let line = |concept| Ok(DetailLine { concept: text(concept)?, amount: CHARGED });
    Ok(PrintedFacts {
        issued_on: Some(date(2021, 11, 5)),
        due_on: Some(date(2021, 11, 30)),
        billing_month: Some(text("octubre 2021")?),
        fiscal_number: Some(text("88712")?),
        authorization: Some(text("29040011007")?),
        control_code: Some(text("7B-F3-48-A8-1C")?),
        issue_deadline: Some(date(2022, 4, 30)),
        cuf: None,
        reading_before: Some(text("1204")?),
        reading_after: Some(text("1226")?),
        consumption: Some(text("22 m³")?),
        tax_credit_base: Some(BILLED),
        ice_and_fees: Some(money(0)),
        untaxed: Some(money(0)),
        not_subject: Some(money(0)),
        discounts: Some(money(0)),
        details: concepts.into_iter().map(line).collect::<anyhow::Result<_>>()?,
    })
}

/// So many payments, every tenth one reversed.
pub(super) fn collections(count: u32) -> anyhow::Result<Vec<Collection>> {
    let collection = |number: u32| {
        let payment = payment(number.into())?;
        let reversal = (number % 10 == 9).then(|| reversal(&payment));
        Ok((payment, reversal))
    };
    (0..count).map(collection).collect()
}

fn payment(number: i64) -> anyhow::Result<Payment> {
    Ok(Payment {
        id: PaymentId::from_i64(FIRST_PAYMENT + number)?,
        collector: CollectorId::FIRST,
        contract: ContractKey::FIRST,
        contract_code: text(&(315 + number).to_string())?,
        member_name: text(&format!("Condori Villarroel Teresa {}", number % 977))?,
        bill: BillId::from_i64(FIRST_BILL + number)?,
        bill_version: 1,
        period: Period::from_yyyymm(202_110)?,
        amount: money(1_000 + number * 37 % 20_000),
        recorded_at: PAID_AT,
        business_day: DAY,
        caller_reference: Some(text("12394")?),
        caller_key: Some(CallerKey::from_text(&format!("caja1-{number:06}"))?),
        place: Place {
            branch: Some(text("Oficina central")?),
            cashier: Some(text("caja 2")?),
            terminal: Some(text("T-07")?),
            means: Some(text("efectivo")?),
            collected_at: None,
        },
        previous: None,
        issuer: 1,
    })
}

fn reversal(of: &Payment) -> Reversal {
    Reversal {
        payment: of.id,
        collector: of.collector,
        contract: of.contract,
        bill: of.bill,
        amount: of.amount,
        recorded_at: REVERSED_AT,
        business_day: DAY,
        reason: None,
        caller_key: None,
    }
}
