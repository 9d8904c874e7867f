//! What is explained, on a page for people: first what the books say, then who asked for what.

use std::io::{self, Write};

use super::shown::{Shown, ShownBill, ShownEntry, ShownPayment, ShownReversal, ShownVersion};
use crate::commands::trail::shown::ShownAct;

/// What is to be known where the trail seems to lack something: it is written a while after the books.
pub(super) const MAY_BE_MISSING: &str =
    "Si un servidor atiende, los pedidos del último segundo pueden faltar.";

/// Writes the page.
pub(super) fn write(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Empresa {} «{}»", shown.empresa, shown.nombre)?;
    for bill in &shown.facturas {
        write_bill(bill, shown.currency, out)?;
    }
    if shown.facturas.is_empty() {
        writeln!(out, "\nEn los libros no hay nada: solo intentos que no se aceptaron.")?;
    }
    write_acts(shown, out)
}

fn write_bill(bill: &ShownBill<'_>, currency: &str, out: &mut dyn Write) -> io::Result<()> {
    let ShownBill { id_factura, contrato, periodo, monto, estado, .. } = bill;
    let by = bill.pagada_por.map(|payment| format!(" por la cobranza {payment}"));
    let by = by.unwrap_or_default();
    writeln!(
        out,
        "\nFactura {id_factura}: contrato {contrato}, periodo {periodo}, {monto} {currency}, {estado}{by}"
    )?;
    for version in &bill.versiones {
        writeln!(out, "  {:<15} {}", format!("versión {}", version.version), to_words(version))?;
    }
    bill.cobranzas.iter().try_for_each(|payment| write_payment(payment, currency, out))
}

fn to_words(version: &ShownVersion<'_>) -> String {
    let ShownVersion { monto, estado, archivo, nombre, .. } = version;
    let line = match version.linea {
        Some(line) => format!("línea {line}"),
        None => "retirada por no estar en él".to_owned(),
    };
    let replaced =
        version.reemplazada_por.map(|bill| format!(", reemplazada por la factura {bill}"));
    let replaced = replaced.unwrap_or_default();
    format!("{monto}, {estado}{replaced}: archivo {archivo} «{nombre}», {line}")
}

fn write_payment(
    payment: &ShownPayment<'_>,
    currency: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let ShownPayment { id_cobranza, monto, version, registrada, dia_contable, .. } = payment;
    writeln!(
        out,
        "  Cobranza {id_cobranza}: {monto} {currency}, versión {version}, registrada {registrada}, \
         día contable {dia_contable}"
    )?;
    let collected = payment.fecha_cobro.as_deref();
    let place = [
        ("recaudador", Some(payment.recaudador)),
        ("sucursal", payment.sucursal),
        ("cajero", payment.cajero),
        ("terminal", payment.terminal),
        ("medio de pago", payment.medio_pago),
        ("fecha de cobro", collected),
        ("IdAsociado", payment.id_asociado),
        ("IdTransaccion", payment.id_transaccion),
    ];
    write_known(&place, out)?;
    if let Some(at) = &payment.traida_tras_restauracion {
        writeln!(out, "    traída de un reporte tras la restauración del {at}")?;
    }
    write_entry(&payment.asiento, &payment.registrada, out)?;
    match &payment.reversion {
        Some(reversal) => write_reversal(reversal, out),
        None => Ok(()),
    }
}

fn write_reversal(reversal: &ShownReversal<'_>, out: &mut dyn Write) -> io::Result<()> {
    let ShownReversal { registrada, dia_contable, .. } = reversal;
    writeln!(out, "    Revertida {registrada}, día contable {dia_contable}")?;
    let told = [
        ("recaudador", Some(reversal.recaudador)),
        ("motivo", reversal.motivo),
        ("IdTransaccion", reversal.id_transaccion),
    ];
    write_known(&told, out)?;
    write_entry(&reversal.asiento, registrada, out)
}

fn write_known(told: &[(&str, Option<&str>)], out: &mut dyn Write) -> io::Result<()> {
    for (name, value) in told {
        if let Some(value) = value {
            writeln!(out, "    {name:<15} {value}")?;
        }
    }
    Ok(())
}

fn write_entry(entry: &ShownEntry, recorded: &str, out: &mut dyn Write) -> io::Result<()> {
    let later = (entry.registrado != recorded).then(|| format!(", escrito {}", entry.registrado));
    let later = later.unwrap_or_default();
    for posting in &entry.partidas {
        let name = format!("asiento {}", entry.numero);
        let (debit, credit, amount) = (&posting.debe, &posting.haber, &posting.monto);
        let [debited, credited] = &posting.in_words;
        writeln!(
            out,
            "    {name:<15} debe {debit} ({debited}), haber {credit} ({credited}): {amount}{later}"
        )?;
    }
    Ok(())
}

fn write_acts(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    if shown.solicitudes.is_empty() {
        writeln!(out, "\nBitácora: nada")?;
    } else {
        write_table(shown, out)?;
    }
    if shown.lacks_requests {
        writeln!(out, "  {MAY_BE_MISSING}")?;
    }
    Ok(())
}

/// The acts as a table, as wide as it must be.
fn write_table(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<_> = shown.solicitudes.iter().map(ShownAct::to_columns).collect();
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3, 4].map(width);
    writeln!(out, "\nBitácora")?;
    for row in &rows {
        let [time, what, outcome, who, from, about] = row;
        let [w0, w1, w2, w3, w4] = widths;
        let line =
            format!("  {time:<w0$}  {what:<w1$}  {outcome:<w2$}  {who:<w3$}  {from:<w4$}  {about}");
        writeln!(out, "{}", line.trim_end())?;
    }
    if shown.solicitudes_no_mostradas > 0 {
        writeln!(out, "  y {} actos más, que no se muestran", shown.solicitudes_no_mostradas)?;
    }
    Ok(())
}
