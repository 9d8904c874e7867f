//! The world as the files that a biller sends: CSV, `,`, UTF-8, LF, a row at a time.

use std::fmt::Display;
use std::io::{self, Write};

use ventanilla_domain::{BillRow, BillState, ContractState, DetailLine, Given, MemberRow, Money};

use crate::World;

const MEMBERS_HEADING: &str = "contrato,nombre,socio_id,tipo_documento,num_doc,nit,direccion,\
                               cod_ubicacion,cod_suministro,estado,correo,telefono";

const BILLS_HEADING: &str = "factura,contrato,periodo,monto,estado,emision,vencimiento,\
                             mes_facturacion,lectura_anterior,lectura_actual,consumo,\
                             base_credito_fiscal,descuentos,detalle";

/// Writes the file of members: every contract is a row. Give it a buffered writer.
///
/// Source: docs/billing.md (the columns).
pub fn write_members(out: &mut (impl Write + ?Sized), world: &World) -> io::Result<()> {
    writeln!(out, "{MEMBERS_HEADING}")?;
    world.members().try_for_each(|row| write_member(out, &row))
}

/// Writes the file of bills. Give it a buffered writer.
///
/// Source: docs/billing.md (the columns).
pub fn write_bills(out: &mut (impl Write + ?Sized), world: &World) -> io::Result<()> {
    writeln!(out, "{BILLS_HEADING}")?;
    world.bills().try_for_each(|row| write_bill(out, &row))
}

fn write_member(out: &mut (impl Write + ?Sized), row: &MemberRow) -> io::Result<()> {
    let state = shown(&row.state, |state| contract_word(*state).to_owned());
    let member = row.member.map(|member| member.to_string()).unwrap_or_default();
    write_row(
        out,
        &[
            row.code.to_string(),
            row.name.to_string(),
            member,
            shown(&row.document_kind, to_text),
            shown(&row.document_number, to_text),
            shown(&row.tax_id, to_text),
            shown(&row.address, to_text),
            shown(&row.location, to_text),
            shown(&row.supply_point, to_text),
            state,
            shown(&row.email, to_text),
            shown(&row.phone, to_text),
        ],
    )
}

fn write_bill(out: &mut (impl Write + ?Sized), row: &BillRow) -> io::Result<()> {
    let printed = &row.printed;
    write_row(
        out,
        &[
            row.bill.to_string(),
            row.contract.to_string(),
            row.period.to_string(),
            row.amount.to_decimal(),
            shown(&row.state, |state| bill_word(*state).to_owned()),
            shown(&printed.issued_on, to_text),
            shown(&printed.due_on, to_text),
            shown(&printed.billing_month, to_text),
            shown(&printed.reading_before, to_text),
            shown(&printed.reading_after, to_text),
            shown(&printed.consumption, to_text),
            shown(&printed.tax_credit_base, |amount| amount.to_decimal()),
            shown(&printed.discounts, |amount| Money::to_decimal(*amount)),
            shown(&printed.details, |lines| to_details(lines)),
        ],
    )
}

fn to_text(value: &impl Display) -> String {
    value.to_string()
}

fn to_details(lines: &[DetailLine]) -> String {
    let line = |line: &DetailLine| format!("{}={}", line.concept, line.amount.to_decimal());
    lines.iter().map(line).collect::<Vec<_>>().join("|")
}

fn shown<T>(given: &Given<T>, show: impl FnOnce(&T) -> String) -> String {
    match given {
        Given::Value(Some(value)) => show(value),
        Given::Value(None) | Given::Absent => String::new(),
    }
}

const fn contract_word(state: ContractState) -> &'static str {
    match state {
        ContractState::Active => "activo",
        ContractState::Cut => "cortado",
        ContractState::Blocked => "bloqueado",
        ContractState::Ended => "baja",
    }
}

const fn bill_word(state: BillState) -> &'static str {
    match state {
        BillState::Owed => "pendiente",
        BillState::Annulled => "anulada",
        BillState::PaidElsewhere => "pagada_fuera",
    }
}

fn write_row(out: &mut (impl Write + ?Sized), cells: &[String]) -> io::Result<()> {
    for (position, cell) in cells.iter().enumerate() {
        if position > 0 {
            out.write_all(b",")?;
        }
        if cell.contains([',', '"', '\n']) {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Vec<String> {
        let mut bytes = Vec::new();
        write(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_row_has_as_many_cells_as_the_heading() {
        let world = World::new(1, 500, 3);
        for (lines, rows, first) in [
            (lines(|out| write_members(out, &world)), 500, "100001,"),
            (lines(|out| write_bills(out, &world)), 1_500, "10000001,100001,202107,"),
        ] {
            assert_eq!(lines.len(), rows + 1);
            assert!(lines[1].starts_with(first), "{}", lines[1]);
            let cells = |line: &str| line.split(',').count();
            assert!(lines.iter().all(|line| cells(line) == cells(&lines[0])));
        }
    }

    #[test]
    fn a_cell_with_a_separator_is_quoted() {
        let cells = ["a,b".to_owned(), "c\"d".to_owned(), String::new(), "e".to_owned()];
        assert_eq!(lines(|out| write_row(out, &cells)), ["\"a,b\",\"c\"\"d\",,e"]);
    }
}
