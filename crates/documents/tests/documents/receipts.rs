//! The receipt of the window, as a reader sees it.

use ventanilla_documents::{Paper, ReceiptPaper};
use ventanilla_domain::{
    BillId, CollectorId, ContractCode, ContractKey, DrawerId, Logo, Name, Payment, PaymentId,
    ReceiptId, ReceiptReversal, Text, WindowMeans, WindowReceipt, WindowReceiptKey,
};

use crate::read::{Picture, Printed};
use crate::samples::{Sample, bob, computed, label};

/// All that a [`ReceiptPaper`] borrows.
#[derive(Debug, Clone)]
pub(crate) struct SampleReceipt {
    sample: Sample,
    payments: Vec<Payment>,
    receipt: WindowReceipt,
    reversal: Option<ReceiptReversal>,
}

impl SampleReceipt {
    fn paper(&self) -> ReceiptPaper<'_> {
        ReceiptPaper {
            company: &self.sample.company,
            letterhead: self.sample.letterhead,
            receipt: &self.receipt,
            payments: &self.payments,
            reversal: self.reversal.as_ref(),
            proof: &self.sample.proof,
        }
    }

    pub(crate) fn pdf(&self, paper: Paper) -> Vec<u8> {
        self.paper().to_pdf(paper)
    }

    fn printed(&self, paper: Paper) -> Printed {
        Printed::new(&self.pdf(paper))
    }

    pub(crate) fn headed(mut self, logo: &'static Logo) -> Self {
        self.sample.letterhead = self.sample.letterhead.with_logo(Some(logo));
        self
    }

    pub(crate) fn page(&self, paper: Paper, dots: u32) -> Picture {
        let [page] = self.printed(paper).pictures(dots).try_into().unwrap();
        page
    }

    pub(crate) fn reversed(mut self) -> Self {
        self.reversal = Some(ReceiptReversal {
            receipt: self.receipt.clone(),
            drawer: None,
            reason: Text::from_text("monto equivocado").unwrap(),
            reversed_by: Text::from_text("sofia").unwrap(),
            recorded_at: "2021-11-26T16:25:00Z".parse().unwrap(),
            business_day: self.receipt.business_day,
        });
        self
    }
}

/// As many bills of two contracts, the last of the second.
fn of_bills(len: i64) -> SampleReceipt {
    let sample = computed();
    let paid = |number: i64| {
        let mut payment = sample.payment.clone();
        payment.id = PaymentId::from_i64(4_224_407 + number).unwrap();
        payment.bill = BillId::from_i64(4_303_566 + number).unwrap();
        payment.place.means = Some(label("efectivo"));
        if number == len && len > 1 {
            payment.contract = ContractKey::from_i64(99).unwrap();
            payment.contract_code = ContractCode::from_text("0317-B").unwrap();
            payment.member_name = Name::from_text("Ñáñez Quispe Íngrid").unwrap();
            payment.amount = bob(9_003);
        }
        payment
    };
    let payments: Vec<_> = (1..=len).map(paid).collect();
    let total = payments.iter().map(|payment| payment.amount.to_minor()).sum();
    let receipt = WindowReceipt {
        id: ReceiptId::from_i64(17).unwrap(),
        collector: CollectorId::FIRST,
        payments: payments.iter().map(|payment| payment.id).collect(),
        total: bob(total),
        rounding: bob(0),
        means: WindowMeans::Cash,
        tendered: bob(total),
        cashier: Text::from_text("ana").unwrap(),
        drawer: DrawerId::from_i64(4).unwrap(),
        recorded_at: sample.payment.recorded_at,
        business_day: sample.payment.business_day,
        key: WindowReceiptKey::from_text("n-17").unwrap(),
    };
    SampleReceipt { sample, payments, receipt, reversal: None }
}

/// Three bills of two contracts, rounded down, with change.
pub(crate) fn rounded() -> SampleReceipt {
    let mut sample = of_bills(3);
    sample.receipt.rounding = bob(-3);
    sample.receipt.tendered = bob(40_000);
    sample
}

#[test]
fn a_receipt_says_what_was_paid_how_and_to_whom() {
    let sample = rounded();
    let paper = sample.paper();
    assert!(paper.to_pdf(Paper::A4) == paper.to_pdf(Paper::A4), "the same bytes");
    assert_eq!(paper.file_name(), "recibo-17.pdf");
    let file = sample.printed(Paper::A4);
    let text = file.text();
    for fact in [
        "Cooperativa de Servicios Públicos",
        "NIT: 1023245028",
        "RECIBO N.º: 17",
        "Fecha: 26/11/2021 12:11:52",
        "Cajero: ana",
        "Caja N.º: 4",
        "RECIBO DE PAGO – no válido como factura",
        "Contrato 315 – Condori Villarroel Teresa",
        "Factura 4303567, periodo 10/2021, IdCobranza 4224408 145,70",
        "Factura 4303568, periodo 10/2021, IdCobranza 4224409 145,70",
        "Contrato 0317-B – Ñáñez Quispe Íngrid",
        "Factura 4303569, periodo 10/2021, IdCobranza 4224410 90,03",
        "Total de las facturas 381,43",
        "Redondeo de efectivo -0,03",
        "TOTAL (Bs) 381,40",
        "Son: Trescientos ochenta y uno 40/100 Bolivianos",
        "Medio de pago: efectivo",
        "Recibido 400,00",
        "Cambio 18,60",
        "Compruebe el pago de IdCobranza 4224408",
    ] {
        assert!(text.contains(fact), "{fact}\n---\n{text}");
    }
    assert_eq!(text.matches("Contrato 315").count(), 1, "once for bills that follow each other");
    assert!(!text.contains("REVERTIDO"), "{text}");
    assert_eq!((file.fact("Pages"), file.fact("Title")), ("1".to_owned(), "Recibo 17".to_owned()));
}

#[test]
fn what_is_nothing_has_no_line_and_a_receipt_undone_is_stamped() {
    let mut sample = of_bills(1).reversed();
    sample.receipt.means = WindowMeans::Card;
    for paper in [Paper::A4, Paper::Roll] {
        let text = sample.printed(paper).text();
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("RECIBO REVERTIDO el 26/11/2021 12:25:00 por sofia"), "{flat}");
        for absent in ["Redondeo", "Recibido", "Cambio", "Total de las facturas"] {
            assert!(!text.contains(absent), "{absent}\n{text}");
        }
    }
}

#[test]
fn a_roll_says_the_same_on_one_strip_and_its_code_is_read_by_others() {
    let letters = |file: &Printed| {
        let mut letters: Vec<_> = file.text().chars().filter(|it| !it.is_whitespace()).collect();
        letters.sort_unstable();
        String::from_iter(letters)
    };
    for sample in [rounded(), of_bills(1), of_bills(20), rounded().reversed()] {
        let roll = sample.printed(Paper::Roll);
        assert_eq!(letters(&roll), letters(&sample.printed(Paper::A4)));
        assert_eq!(roll.fact("Pages"), "1");
    }
    let most = of_bills(60);
    for (paper, pages) in [(Paper::A4, "2"), (Paper::Roll, "1")] {
        let file = most.printed(paper);
        assert_eq!(file.fact("Pages"), pages);
        assert_eq!(file.text().matches("IdCobranza").count(), 60 + 1);
    }
    for paper in [Paper::A4, Paper::Roll] {
        assert_eq!(rounded().printed(paper).codes(), [rounded().sample.proof]);
    }
}
