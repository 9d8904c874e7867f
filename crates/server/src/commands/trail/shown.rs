//! An act of the trail, as `trail` and `explain` tell it: in JSON the trail's own words for what was done
//! and what came of it, which programs read; Spanish ones for people.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use ventanilla_service::ActRecord;

/// The names of those whose ids the trail has.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) collectors: BTreeMap<i64, String>,
    pub(crate) integrators: BTreeMap<i64, String>,
    pub(crate) users: BTreeMap<i64, String>,
}

impl Names {
    /// Whether anybody is called so.
    pub(super) fn has(&self, name: &str) -> bool {
        let Self { collectors, integrators, users } = self;
        [collectors, integrators, users]
            .into_iter()
            .any(|of| of.values().any(|known| known == name))
    }
}

/// An act as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ShownAct<'a> {
    fecha: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hasta: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    veces: Option<u64>,
    acto: &'a str,
    resultado: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    codigo: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desde: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recaudador: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integrador: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usuario: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operador: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_cobranza: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_factura: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contrato: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_transaccion: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_proveedor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_factura_compra: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_pago: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archivo: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dia: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nombre: Option<&'a str>,
}

/// The name of an id, or the id itself where nobody has it.
fn named(names: &BTreeMap<i64, String>, id: Option<i64>) -> Option<Cow<'_, str>> {
    let id = id?;
    let name = names.get(&id).map(|name| Cow::Borrowed(name.as_str()));
    Some(name.unwrap_or_else(|| Cow::Owned(id.to_string())))
}

impl<'a> ShownAct<'a> {
    /// `to_time` gives an instant as it is told there.
    pub(crate) fn of(
        act: &'a ActRecord<'_>,
        names: &'a Names,
        to_time: &dyn Fn(Timestamp) -> String,
    ) -> Self {
        let time =
            |at_us| Timestamp::from_microsecond(at_us).map_or_else(|_| String::new(), to_time);
        Self {
            fecha: time(act.at_us),
            hasta: act.until_us.map(time),
            veces: act.count,
            acto: &act.what,
            resultado: &act.outcome,
            codigo: act.code.as_deref(),
            error: act.error_id.as_deref(),
            desde: act.from.as_deref(),
            recaudador: named(&names.collectors, act.collector),
            integrador: named(&names.integrators, act.integrator),
            usuario: named(&names.users, act.user),
            operador: act.operator.as_deref(),
            id_cobranza: act.payment,
            id_factura: act.bill,
            contrato: act.contract.as_deref(),
            id_transaccion: act.key.as_deref(),
            id_proveedor: act.supplier,
            id_factura_compra: act.invoice,
            id_pago: act.payout,
            archivo: act.file,
            dia: act.day.as_deref(),
            nombre: act.name.as_deref(),
        }
    }

    /// When, what, what came of it, who, from where and about what: the columns for people.
    pub(crate) fn to_columns(&self) -> [String; 6] {
        [
            self.fecha.clone(),
            what_in_spanish(self.acto).to_owned(),
            self.outcome(),
            self.who(),
            self.desde.map_or("-", from_in_spanish).to_owned(),
            self.about(),
        ]
    }

    fn outcome(&self) -> String {
        let word = outcome_in_spanish(self.resultado);
        let because = self.codigo.or(self.error).map(|code| format!(": {code}"));
        let times = self.veces.zip(self.hasta.as_ref());
        let times = times.map(|(times, until)| format!(", {times} veces hasta {until}"));
        let times = times.or_else(|| self.veces.map(|times| format!(", {times} veces")));
        format!("{word}{}{}", because.unwrap_or_default(), times.unwrap_or_default())
    }

    fn who(&self) -> String {
        let program = self.integrador.as_ref().map(|name| format!("con {name}"));
        let person = [self.recaudador.as_deref(), self.usuario.as_deref(), self.operador];
        let person = person.into_iter().flatten().map(str::to_owned);
        let told: Vec<String> = person.chain(program).collect();
        if told.is_empty() { "-".to_owned() } else { told.join(" ") }
    }

    fn about(&self) -> String {
        let number = |name: &str, id: Option<i64>| id.map(|id| format!("{name} {id}"));
        let text = |name: &str, text: Option<&str>| text.map(|text| format!("{name} {text}"));
        let told = [
            number("cobranza", self.id_cobranza),
            number("factura", self.id_factura),
            text("contrato", self.contrato),
            text("IdTransaccion", self.id_transaccion),
            number("proveedor", self.id_proveedor),
            number("factura de compra", self.id_factura_compra),
            number("pago", self.id_pago),
            number("archivo", self.archivo),
            text("día", self.dia),
            self.nombre.map(|name| format!("«{name}»")),
        ];
        told.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn from_in_spanish(from: &str) -> &str {
    if from == "command-line" { "este equipo" } else { from }
}

fn outcome_in_spanish(outcome: &str) -> &str {
    match outcome {
        "done" => "hecho",
        "repeated" => "repetido",
        "refused" => "rechazado",
        "unknown" => "resultado desconocido",
        "unavailable" => "no disponible",
        "failed" => "error interno",
        // A later version's word.
        other => other,
    }
}

fn what_in_spanish(what: &str) -> &str {
    match what {
        "pay" => "pago",
        "print" => "impresión",
        "report" => "reporte",
        "reverse" => "reversión",
        "admit" => "desarrollador",
        "sign-in" => "inicio de sesión",
        "sign-out" => "fin de sesión",
        "supplier" => "proveedor",
        "invoice" => "factura de compra",
        "payout" => "pago a proveedor",
        "import" => "importación",
        "export" => "exportación",
        "backup" => "respaldo",
        "restore" => "restauración",
        "report-load" => "carga de reporte",
        "report-waive" => "renuncia a un reporte",
        "mirror-off" => "fin del espejo",
        "mirror-trim" => "recorte del espejo",
        "recovery-kit" => "kit de recuperación",
        "migrate" => "paso a otra base",
        "dropped" => "actos sin lugar",
        "payout-reverse" => "anulación de pago",
        "payout-print" => "orden de pago",
        // The commands' own names.
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(act: &ActRecord<'_>, expected: [&str; 6]) {
        let names = Names { collectors: [(3, "banco".to_owned())].into(), ..Names::default() };
        let shown = ShownAct::of(act, &names, &|at| at.to_string());
        assert_eq!(shown.to_columns(), expected);
    }

    #[test]
    fn an_act_is_told_in_six_columns() {
        let at_us = 1_637_943_112_000_000;
        let time = "2021-11-26T16:11:52Z";
        check(
            &ActRecord {
                at_us,
                what: "pay".into(),
                outcome: "refused".into(),
                code: Some("FACTURA_YA_PAGADA".into()),
                from: Some("192.0.2.7".into()),
                collector: Some(3),
                bill: Some(17),
                contract: Some("0345".into()),
                key: Some("a-1".into()),
                ..ActRecord::default()
            },
            [
                time,
                "pago",
                "rechazado: FACTURA_YA_PAGADA",
                "banco",
                "192.0.2.7",
                "factura 17, contrato 0345, IdTransaccion a-1",
            ],
        );
        check(
            &ActRecord {
                at_us,
                until_us: Some(at_us),
                count: Some(40),
                what: "token".into(),
                outcome: "refused".into(),
                code: Some("CREDENCIALES_INVALIDAS".into()),
                from: Some("2001:db8::".into()),
                ..ActRecord::default()
            },
            [
                time,
                "token",
                "rechazado: CREDENCIALES_INVALIDAS, 40 veces hasta 2021-11-26T16:11:52Z",
                "-",
                "2001:db8::",
                "",
            ],
        );
        check(
            &ActRecord {
                at_us,
                what: "fly".into(),
                outcome: "done".into(),
                from: Some("command-line".into()),
                user: Some(1),
                integrator: Some(2),
                name: Some("eva".into()),
                ..ActRecord::default()
            },
            [time, "fly", "hecho", "1 con 2", "este equipo", "«eva»"],
        );
    }
}
