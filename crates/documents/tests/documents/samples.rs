//! Facts to print: synthetic people, and the bill of the document's own example.

use jiff::civil::date;
use ventanilla_documents::{Invoice, Letterhead};
use ventanilla_domain::{
    BillId, BillState, BillTerms, BillVersion, BusinessDay, CollectorId, Company, CompanyId,
    Concept, Contract, ContractCode, ContractKey, ContractState, Currency, DetailLine, FileId,
    Holder, Label, Member, MemberId, Money, Name, Payment, PaymentId, Period, Place, Policy,
    PrintedFacts, Reason, Reversal, SourceLine, TimeZone,
};

/// All that an [`Invoice`] borrows.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) company: Company,
    pub(crate) letterhead: Letterhead<'static>,
    pub(crate) holder: Holder,
    pub(crate) version: BillVersion,
    pub(crate) payment: Payment,
    pub(crate) reversal: Option<Reversal>,
    pub(crate) collector: &'static str,
    pub(crate) proof: String,
}

impl Sample {
    pub(crate) fn invoice(&self) -> Invoice<'_> {
        Invoice {
            company: &self.company,
            letterhead: self.letterhead,
            holder: &self.holder,
            version: &self.version,
            payment: &self.payment,
            reversal: self.reversal.as_ref(),
            collector: self.collector,
            proof: &self.proof,
        }
    }

    pub(crate) fn facts(&mut self) -> &mut PrintedFacts {
        &mut self.version.terms.printed
    }

    pub(crate) fn reversed(mut self) -> Self {
        let payment = &self.payment;
        self.reversal = Some(Reversal {
            payment: payment.id,
            collector: payment.collector,
            contract: payment.contract,
            bill: payment.bill,
            amount: payment.amount,
            recorded_at: "2021-11-26T16:25:00Z".parse().unwrap(),
            business_day: payment.business_day,
            reason: Some(Reason::from_text("monto equivocado").unwrap()),
            caller_key: None,
        });
        self
    }
}

pub(crate) fn bob(minor: i64) -> Money {
    Money::from_minor(minor, Currency::BOB)
}

pub(crate) fn label(text: &str) -> Label {
    Label::from_text(text).unwrap()
}

pub(crate) fn line(concept: &str, minor: i64) -> DetailLine {
    DetailLine { concept: Concept::from_text(concept).unwrap(), amount: bob(minor) }
}

/// The least that a paper can say.
pub(crate) fn bare() -> Sample {
    let company = Company {
        id: CompanyId::from_i64(13).unwrap(),
        name: Name::from_text("Cooplan").unwrap(),
        currency: Currency::BOB,
        time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
        policy: Policy::default(),
        issuer: 0,
    };
    let letterhead = Letterhead {
        name: "Cooplan",
        tax_id: None,
        address: None,
        municipality: None,
        phone: None,
        activity: None,
        legend: None,
        logo: None,
    };
    let proof = format!("comprobante/13/4224408/4303567/{}", "Zm9v".repeat(22));
    let collector = "Ventanilla Cooplan";
    let (holder, version, payment) = (holder(), version(), payment());
    Sample { company, letterhead, holder, version, payment, reversal: None, collector, proof }
}

fn holder() -> Holder {
    let member = Member {
        id: MemberId::from_i64(12_394).unwrap(),
        is_assigned: false,
        name: Name::from_text("Condori Villarroel Teresa").unwrap(),
        document_kind: None,
        document_number: None,
        tax_id: None,
        location: None,
        email: None,
        phone: None,
    };
    let contract = Contract {
        key: ContractKey::from_i64(2).unwrap(),
        code: ContractCode::from_text("315").unwrap(),
        member: member.id,
        state: ContractState::Active,
        address: None,
        supply_point: None,
    };
    Holder { contract, member }
}

fn version() -> BillVersion {
    BillVersion {
        contract: ContractKey::from_i64(2).unwrap(),
        bill: BillId::from_i64(4_303_567).unwrap(),
        number: 1,
        terms: BillTerms {
            period: Period::from_yyyymm(202_110).unwrap(),
            amount: bob(14_570),
            state: BillState::Owed,
            printed: Box::default(),
        },
        revenue: Vec::new(),
        replaced_by: None,
        source: SourceLine { file: FileId::from_i64(1).unwrap(), line: 2 },
    }
}

fn payment() -> Payment {
    Payment {
        id: PaymentId::from_i64(4_224_408).unwrap(),
        collector: CollectorId::from_i64(1).unwrap(),
        contract: ContractKey::from_i64(2).unwrap(),
        contract_code: ContractCode::from_text("315").unwrap(),
        member_name: Name::from_text("Condori Villarroel Teresa").unwrap(),
        bill: BillId::from_i64(4_303_567).unwrap(),
        bill_version: 1,
        period: Period::from_yyyymm(202_110).unwrap(),
        amount: bob(14_570),
        recorded_at: "2021-11-26T16:11:52Z".parse().unwrap(),
        business_day: BusinessDay::from_date(date(2021, 11, 26)),
        caller_reference: None,
        caller_key: None,
        place: Place::default(),
        previous: None,
        issuer: 0,
    }
}

/// All that a paper can say, of the computarizada system.
pub(crate) fn computed() -> Sample {
    let mut sample = bare();
    sample.letterhead = Letterhead {
        name: "Cooperativa de Servicios Públicos Cooplan Ltda.",
        tax_id: Some("1023245028"),
        address: Some("Av. Blanco Galindo km 5, Zona Quillacollo"),
        municipality: Some("Cochabamba - Bolivia"),
        phone: Some("4-4260000"),
        activity: Some("Captación, tratamiento y distribución de agua"),
        legend: Some(
            "Ley N.° 453: Tienes derecho a recibir información sobre las características y contenidos \
             de los servicios que utilices.",
        ),
        logo: None,
    };
    sample.proof = format!(
        "http://127.0.0.1:8080/comprobante/13/4224408/4303567/315/202110/145.70/BOB/2021-11-26T12:11:52/{}",
        "Zm9vYmFy".repeat(11)
    );
    sample.holder.member.tax_id = Some(label("3345678014"));
    sample.holder.contract.address = Some(Name::from_text("Calle Ñuflo de Chávez 1234").unwrap());
    sample.payment.place = Place {
        branch: Some(label("Oficina central")),
        cashier: Some(label("caja 2")),
        terminal: Some(label("T-07")),
        means: Some(label("efectivo")),
        collected_at: None,
    };
    *sample.facts() = PrintedFacts {
        issued_on: Some(date(2021, 11, 5)),
        due_on: Some(date(2021, 11, 30)),
        billing_month: Some(label("octubre 2021")),
        fiscal_number: Some(label("88712")),
        authorization: Some(label("29040011007")),
        control_code: Some(label("7B-F3-48-A8-1C")),
        issue_deadline: Some(date(2022, 4, 30)),
        cuf: None,
        reading_before: Some(label("1204")),
        reading_after: Some(label("1226")),
        consumption: Some(label("22 m³")),
        tax_credit_base: Some(bob(14_570)),
        ice_and_fees: Some(bob(0)),
        untaxed: Some(bob(0)),
        not_subject: Some(bob(0)),
        discounts: Some(bob(0)),
        details: vec![
            line("Agua potable", 9_870),
            line("Alcantarillado sanitario", 2_440),
            line("Cargo fijo", 1_500),
            line("Aseo urbano", 1_480),
            line("Descuento Ley 1886", -720),
        ],
    };
    sample
}

/// The same of the online system.
pub(crate) fn online() -> Sample {
    let mut sample = computed();
    let facts = sample.facts();
    let cuf = "44AAEC00DBD34C53C3E2CCE1A3FA7AF1E2A08606A667A75AC82F24C74";
    facts.cuf = Some(Name::from_text(cuf).unwrap());
    (facts.authorization, facts.control_code, facts.issue_deadline) = (None, None, None);
    sample
}

/// Letters that the typeface lacks, among those that it has, and marks that are not seen.
pub(crate) fn strange() -> Sample {
    let mut sample = computed();
    let name = "Łukasz 漢字 Ñandú\u{200B} 😀 עברית Condori";
    sample.holder.member.name = Name::from_text(name).unwrap();
    sample.facts().details[0] = line("Agua 漢\u{202F}potable \u{2212} 1 m³ WiWi", 9_870);
    sample
}

/// Long names, and twenty lines or more of what the amount is made of.
pub(crate) fn crowded(lines: usize) -> Sample {
    let mut sample = computed();
    let long = "Asociación de Regantes y Usuarios de la Comunidad Campesina de Ñuqch'u Wasi, \
                San Ildefonso de Quillacollo y Chiquicollo del Departamento de Cochabamba, República \
                Plurinacional de Bolivia y de la Región";
    sample.holder.member.name = Name::from_text(&long[..long.len().min(200)]).unwrap();
    sample.payment.contract_code = ContractCode::from_text(&"9".repeat(32)).unwrap();
    let address =
        "Urbanización Villa Nuestra Señora de la Asunción, Manzano 14, Lote 27, Pasillo C";
    sample.holder.contract.address = Some(Name::from_text(address).unwrap());
    let count = i64::try_from(lines).unwrap();
    let amount = bob(count * 10_000_001);
    (sample.version.terms.amount, sample.payment.amount) = (amount, amount);
    sample.facts().details = (1..=lines)
        .map(|number| {
            let text =
                format!("Concepto {number} de nombre largo: conservación de redes y acometidas");
            line(if number % 3 == 0 { &text } else { "Agua" }, 10_000_001)
        })
        .collect();
    sample
}
