//! The paper of a paid bill, as a reader sees it.

use jiff::civil::date;
use ventanilla_documents::Paper;
use ventanilla_domain::{ContractCode, Name};

use crate::read::Printed;
use crate::samples::{Sample, bare, bob, computed, crowded, label, line, online};

fn printed(sample: &Sample, paper: Paper) -> Printed {
    Printed::new(&sample.invoice().to_pdf(paper))
}

#[test]
fn a_computed_invoice_says_every_fact_that_was_imported() {
    let text = printed(&computed(), Paper::A4).text();
    for fact in [
        "Cooperativa de Servicios Públicos",
        "Av. Blanco Galindo km 5, Zona Quillacollo",
        "Cochabamba - Bolivia",
        "Teléfono: 4-4260000",
        "NIT: 1023245028",
        "FACTURA N.º: 88712",
        "AUTORIZACIÓN N.º: 29040011007",
        "IdFactura: 4303567",
        "IdCobranza: 4224408",
        "Código de socio: 315",
        "Nombre: Condori Villarroel Teresa",
        "NIT/CI: 3345678014",
        "Dirección: Calle Ñuflo de Chávez 1234",
        "Fecha de emisión: 05/11/2021",
        "Periodo: 10/2021",
        "Mes facturado: octubre 2021",
        "Vencimiento: 30/11/2021",
        "Lectura anterior: 1204 Lectura actual: 1226 Consumo: 22 m³",
        "Agua potable 98,70",
        "Alcantarillado sanitario 24,40",
        "Descuento Ley 1886 -7,20",
        "TOTAL (Bs) 145,70",
        "Son: Ciento cuarenta y cinco 70/100 Bolivianos",
        "Importe base para crédito fiscal (Bs) 145,70",
        "Fecha de pago: 26/11/2021 12:11:52",
        "Cobrador: Ventanilla Cooplan",
        "Sucursal: Oficina central",
        "Cajero: caja 2",
        "Terminal: T-07",
        "Medio de pago: efectivo",
        "Código de control: 7B-F3-48-A8-1C",
        "Fecha límite de emisión: 30/04/2022",
        "ESTA FACTURA CONTRIBUYE AL DESARROLLO DEL PAÍS",
        "Ley N.° 453: Tienes derecho a recibir información",
    ] {
        assert!(text.contains(fact), "{fact}\n---\n{text}");
    }
    assert!(text.lines().any(|line| line == "FACTURA"), "{text}");
    assert!(!text.contains("COMPROBANTE") && !text.contains("REVERTIDO"), "{text}");
}

#[test]
fn a_roll_says_the_same_on_one_strip() {
    // Lines break elsewhere, so what is compared is which letters there are.
    let letters = |file: &Printed| {
        let mut letters: Vec<_> = file.text().chars().filter(|it| !it.is_whitespace()).collect();
        letters.sort_unstable();
        String::from_iter(letters)
    };
    for sample in [bare(), computed(), online(), crowded(20), computed().reversed()] {
        let roll = printed(&sample, Paper::Roll);
        assert_eq!(letters(&roll), letters(&printed(&sample, Paper::A4)));
        assert!(roll.fact("Page size").starts_with("226.772 x"), "80 mm wide");
    }
    assert_eq!(printed(&crowded(200), Paper::Roll).fact("Pages"), "1");
    // A page of PDF has at most 14,400 points: what is longer goes on in another strip.
    let file = printed(&crowded(2_000), Paper::Roll);
    assert_eq!(file.fact("Pages"), "3");
    assert_eq!(file.text().matches("100.000,01").count(), 2_000);
}

#[test]
fn without_fiscal_facts_the_paper_is_no_invoice() {
    const TITLE: &str = "COMPROBANTE DE PAGO – no válido como factura";
    for paper in [Paper::A4, Paper::Roll] {
        let text = printed(&bare(), paper).text();
        assert!(text.lines().any(|line| line == TITLE), "{text}");
        assert!(!text.contains("FACTURA") && !text.contains("NIT"), "{text}");
        assert!(text.contains("Importe del periodo 10/2021 145,70"), "{text}");
    }
    let is_receipt = |change: fn(&mut Sample)| {
        let mut sample = computed();
        change(&mut sample);
        printed(&sample, Paper::A4).text().contains(TITLE)
    };
    assert!(!is_receipt(|_| {}));
    assert!(is_receipt(|sample| sample.facts().fiscal_number = None));
    assert!(is_receipt(|sample| sample.facts().authorization = None));
    assert!(is_receipt(|sample| sample.facts().control_code = None));
    assert!(!is_receipt(|sample| {
        let facts = sample.facts();
        (facts.authorization, facts.control_code) = (None, None);
        facts.cuf = Some(Name::from_text("44AAEC00").unwrap());
    }));
}

#[test]
fn the_tax_offices_code_is_read_by_others() {
    let twelve = "1023245028|88712|29040011007|05/11/2021|145.70|145.70|7B-F3-48-A8-1C|3345678014|\
                  0.00|0.00|0.00|0.00";
    for paper in [Paper::A4, Paper::Roll] {
        let sample = computed();
        assert_eq!(printed(&sample, paper).codes(), [twelve, &sample.proof], "{paper:?}");
    }
    let url = "https://siat.impuestos.gob.bo/consulta/QR?nit=1023245028\
               &cuf=44AAEC00DBD34C53C3E2CCE1A3FA7AF1E2A08606A667A75AC82F24C74&numero=88712&t=";
    for (paper, size) in [(Paper::A4, 2), (Paper::Roll, 1)] {
        let sample = online();
        let codes = printed(&sample, paper).codes();
        assert_eq!(codes, [sample.proof.clone(), format!("{url}{size}")], "{paper:?}");
    }
}

#[test]
fn a_code_lacking_a_fact_is_not_printed() {
    let first_field = |change: fn(&mut Sample)| {
        let mut sample = computed();
        change(&mut sample);
        let codes = printed(&sample, Paper::A4).codes();
        assert!(codes.contains(&sample.proof), "the payment is always proven");
        codes.into_iter().find(|code| *code != sample.proof)
    };
    let missing: [fn(&mut Sample); 8] = [
        |sample| sample.letterhead.tax_id = None,
        |sample| sample.facts().issued_on = None,
        |sample| sample.facts().tax_credit_base = None,
        |sample| sample.facts().ice_and_fees = None,
        |sample| sample.facts().untaxed = None,
        |sample| sample.facts().not_subject = None,
        |sample| sample.facts().discounts = None,
        |sample| sample.facts().authorization = Some(label("29040|11007")),
    ];
    for change in missing {
        assert_eq!(first_field(change), None);
    }
    let nobody = first_field(|sample| sample.holder.member.tax_id = None).unwrap();
    assert!(nobody.contains("|7B-F3-48-A8-1C|0|0.00|"), "{nobody}");
    let known = first_field(|sample| {
        sample.holder.member.tax_id = None;
        sample.holder.member.document_number = Some(label("5551234"));
    });
    assert!(known.unwrap().contains("|5551234|"));
    let taxed = first_field(|sample| sample.facts().ice_and_fees = Some(bob(1_250)));
    assert!(taxed.unwrap().ends_with("|12.50|0.00|0.00|0.00"));
}

#[test]
fn a_reversed_payment_is_stamped() {
    for paper in [Paper::A4, Paper::Roll] {
        let reversed = printed(&computed().reversed(), paper);
        let text = reversed.text();
        assert!(text.contains("PAGO REVERTIDO el 26/11/2021 12:25:00"), "{text}");
        assert_eq!(reversed.codes().len(), 2, "the stamp hides no code");
    }
}

#[test]
fn twenty_lines_fit_on_a_page_and_more_go_on() {
    for (lines, pages) in [(20, "1"), (60, "2"), (200, "4")] {
        let file = printed(&crowded(lines), Paper::A4);
        assert_eq!(file.fact("Pages"), pages, "{lines}");
        let text = file.text();
        let amounts = text.matches("100.000,01").count();
        assert_eq!(amounts, lines, "each line has its amount");
        assert_eq!(text.matches("Página").count() > 0, pages != "1");
    }
}

#[test]
fn long_names_and_strange_letters_are_whole() {
    let mut sample = crowded(20);
    let name = format!("{} ñÑáéíóúÁÉÍÓÚüÜ €№", "W".repeat(180));
    sample.holder.member.name = Name::from_text(&name).unwrap();
    sample.facts().details =
        vec![line(&"M".repeat(80), 1_400_000_140), line("漢字 😀", 600_000_060)];
    for paper in [Paper::A4, Paper::Roll] {
        let file = printed(&sample, paper);
        let text: String = file.text().split_whitespace().collect();
        assert_eq!(text.matches('W').count(), 180, "{text}");
        assert!(text.contains(&"M".repeat(80)), "{text}");
        assert!(text.contains("□□□6.000.000,60"), "{text}");
        assert!(text.contains("ñÑáéíóúÁÉÍÓÚüÜ€№"), "{text}");
        assert!(text.contains(&"9".repeat(32)) || paper == Paper::Roll, "{text}");
        assert_eq!(file.missing_fonts(), [] as [String; 0]);
    }
}

#[test]
fn a_buyer_without_a_number_is_a_zero_on_an_invoice_alone() {
    let mut sample = computed();
    sample.holder.member.tax_id = None;
    assert!(printed(&sample, Paper::A4).text().contains("NIT/CI: 0 Mes"));
    assert!(!printed(&bare(), Paper::A4).text().contains("NIT/CI"));
}

#[test]
fn the_code_is_the_one_by_which_it_was_paid() {
    let mut sample = computed();
    sample.holder.contract.code = ContractCode::from_text("antes-315").unwrap();
    let text = printed(&sample, Paper::A4).text();
    assert!(text.contains("Código de socio: 315") && !text.contains("antes"), "{text}");
}

#[test]
fn the_same_payment_gives_the_same_bytes() {
    for sample in [bare(), computed(), online(), crowded(60), computed().reversed()] {
        for paper in [Paper::A4, Paper::Roll] {
            let first = sample.invoice().to_pdf(paper);
            assert!(first == sample.clone().invoice().to_pdf(paper));
        }
    }
    let mut other = computed();
    other.facts().issued_on = Some(date(2021, 11, 6));
    assert!(other.invoice().to_pdf(Paper::A4) != computed().invoice().to_pdf(Paper::A4));
}

#[test]
fn the_file_says_what_it_is() {
    let file = printed(&computed(), Paper::A4);
    assert_eq!(file.fact("Title"), "Factura 4303567 – cobranza 4224408");
    assert_eq!(file.fact("Author"), "Cooperativa de Servicios Públicos Cooplan Ltda.");
    assert_eq!(file.fact("Page size"), "595.276 x 841.89 pts (A4)");
    assert_eq!(computed().invoice().file_name(), "factura-4303567-4224408.pdf");
}

#[test]
fn a_code_of_any_contract_is_printed() {
    let mut sample = bare();
    for code in ["0345", "A-17/b", "ñandú 7"] {
        sample.payment.contract_code = ContractCode::from_text(code).unwrap();
        let text = printed(&sample, Paper::Roll).text();
        assert!(text.contains(&format!("Código de socio: {code}")), "{text}");
    }
}
