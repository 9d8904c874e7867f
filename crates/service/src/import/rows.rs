//! The rows of a file, parsed one at a time.

use ventanilla_domain::{
    BillId, BillRow, Currency, Given, LocationCode, MemberId, MemberRow, PrintedRow, Text as Words,
};

use super::cells::{self, Forms};
use super::columns::{BillColumn, Column, Columns, MemberColumn};
use super::opening::{Form, Separator};
use super::problem::FileProblem;
use super::record::{Cutter, Record, is_blank};
use super::text::{LINE_LEN_MAX, Scan, Text};
use super::verdict::{CellProblem, RowProblem, on_cell, on_line, refuse_file};
use super::{ImportRefusal, Source, Verdict, json};

/// Bytes of text that one row may take before its quotation counts as never closed. A line is at
/// most three times as long in UTF-8, and a row of several lines has a line break in a cell, which
/// no cell takes.
const RECORD_LEN_MAX: usize = 4 * LINE_LEN_MAX;

/// A row that was read: its line, from 1, and the row or, for each bad cell of it, a verdict.
pub(crate) type Judged<T> = (u64, Result<T, Vec<Verdict>>);

/// The rows of a file of members.
///
/// As an iterator it ends after an error, which concerns the file: reading failed, the bytes are not
/// those scanned, a quotation that does not end, two forms of one thing.
pub(crate) struct MemberRows<'a>(Rows<'a>);

impl<'a> MemberRows<'a> {
    /// Reads the heading of a scanned source. Errors in order: reading fails, the heading is bad.
    pub(crate) fn new(source: &'a mut dyn Source, scan: &Scan) -> Result<Self, ImportRefusal> {
        // No amount is among a member's columns.
        Rows::from_start::<MemberColumn>(source, scan, Currency::BOB).map(Self)
    }

    /// Bytes of the file read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.0.text.bytes_read()
    }
}

impl Iterator for MemberRows<'_> {
    type Item = Result<Judged<MemberRow>, ImportRefusal>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next(member_row)
    }
}

/// The rows of a file of bills. As an iterator it ends after an error, as [`MemberRows`] does.
pub(crate) struct BillRows<'a>(Rows<'a>);

impl<'a> BillRows<'a> {
    /// Reads the heading of a scanned source; amounts are taken as of `currency`.
    ///
    /// Errors in order: reading fails, the heading is bad.
    pub(crate) fn new(
        source: &'a mut dyn Source,
        scan: &Scan,
        currency: Currency,
    ) -> Result<Self, ImportRefusal> {
        Rows::from_start::<BillColumn>(source, scan, currency).map(Self)
    }

    /// Bytes of the file read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.0.text.bytes_read()
    }
}

impl Iterator for BillRows<'_> {
    type Item = Result<Judged<BillRow>, ImportRefusal>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next(bill_row)
    }
}

/// The first column in which two rows of one member say different things of the member.
pub(crate) fn differing_column(first: &MemberRow, other: &MemberRow) -> Option<&'static str> {
    let same = [
        (MemberColumn::Name, first.name == other.name),
        (MemberColumn::DocumentKind, first.document_kind == other.document_kind),
        (MemberColumn::DocumentNumber, first.document_number == other.document_number),
        (MemberColumn::TaxId, first.tax_id == other.tax_id),
        (MemberColumn::Location, first.location == other.location),
        (MemberColumn::Email, first.email == other.email),
        (MemberColumn::Phone, first.phone == other.phone),
    ];
    same.into_iter().find(|(_, is_same)| !is_same).map(|(column, _)| column.to_name())
}

/// The rows of a file, one at a time.
pub(super) struct Rows<'a> {
    text: Text<'a>,
    /// What cuts the lines of CSV; `None` for JSON.
    cutter: Option<Cutter>,
    /// The cells of the row that was read last.
    record: Record,
    columns: Columns,
    /// How many cells the heading of CSV has.
    cell_count: usize,
    forms: Forms,
    has_ended: bool,
}

impl<'a> Rows<'a> {
    pub(super) fn from_start<C: Column>(
        source: &'a mut dyn Source,
        scan: &Scan,
        currency: Currency,
    ) -> Result<Self, ImportRefusal> {
        let text = Text::from_start(source, scan)?;
        let takes_comma = scan.form == Form::Csv(Separator::Semicolon);
        let mut rows = Self {
            text,
            cutter: None,
            record: Record::default(),
            columns: Columns::nowhere::<C>(),
            cell_count: 0,
            forms: Forms::new(currency, takes_comma),
            has_ended: false,
        };
        if let Form::Csv(separator) = scan.form {
            rows.cutter = Some(Cutter::new(separator));
            for _ in 1..scan.first_line {
                rows.text.read()?;
            }
            let line = rows.read_record()?;
            let line = line.ok_or_else(|| refuse_file(1, &FileProblem::NoHeading))?;
            rows.columns = Columns::from_heading::<C>(&rows.record, line)?;
            rows.cell_count = rows.record.len();
        }
        Ok(rows)
    }

    pub(super) fn next<T>(
        &mut self,
        parse: fn(&mut Cells<'_>) -> Option<T>,
    ) -> Option<Result<Judged<T>, ImportRefusal>> {
        if self.has_ended {
            return None;
        }
        let judged = self.judge_next(parse).transpose();
        self.has_ended = !matches!(judged, Some(Ok(_)));
        judged
    }

    fn judge_next<T>(
        &mut self,
        parse: fn(&mut Cells<'_>) -> Option<T>,
    ) -> Result<Option<Judged<T>>, ImportRefusal> {
        let read = if self.cutter.is_some() { self.read_csv()? } else { self.read_json()? };
        let Some((line, read)) = read else { return Ok(None) };
        if let Err(verdict) = read {
            return Ok(Some((line, Err(vec![verdict]))));
        }
        self.forms.line = line;
        let (record, columns, forms) = (&self.record, &self.columns, &mut self.forms);
        let mut cells = Cells { record, columns, forms, verdicts: Vec::new(), mixed: None };
        let row = parse(&mut cells);
        match cells.mixed {
            Some(verdict) => Err(ImportRefusal::Unreadable(verdict)),
            None => {
                Ok(Some((line, row.filter(|_| cells.verdicts.is_empty()).ok_or(cells.verdicts))))
            }
        }
    }

    /// Reads the next row of CSV in which any cell is filled.
    fn read_csv(&mut self) -> Result<ReadRow, ImportRefusal> {
        while let Some(line) = self.read_record()? {
            if self.record.is_blank() {
                continue;
            }
            let (expected, found) = (self.cell_count, self.record.len());
            let read = if expected == found {
                Ok(())
            } else {
                Err(on_line(line, &RowProblem::CellCount { expected, found }))
            };
            return Ok(Some((line, read)));
        }
        Ok(None)
    }

    /// Reads the lines of one row of CSV, and gives the first's number.
    fn read_record(&mut self) -> Result<Option<u64>, ImportRefusal> {
        self.record.clear();
        let Some(cutter) = &mut self.cutter else { return Ok(None) };
        let mut first = None;
        while let Some((number, line)) = self.text.read()? {
            let first = *first.get_or_insert(number);
            if cutter.push_line(&line, &mut self.record) {
                return Ok(Some(first));
            }
            if cutter.text_len() > RECORD_LEN_MAX {
                break;
            }
        }
        first.map_or(Ok(None), |first| Err(refuse_file(first, &FileProblem::QuoteOpen)))
    }

    /// Reads the next line of JSON in which there is anything.
    fn read_json(&mut self) -> Result<ReadRow, ImportRefusal> {
        while let Some((number, line)) = self.text.read()? {
            if !is_blank(&line) {
                let read = json::read_row(&line, number, &mut self.columns, &mut self.record);
                return Ok(Some((number, read)));
            }
        }
        Ok(None)
    }
}

/// The line of a row, and what is wrong with it before its cells are looked at; `None` at the end.
type ReadRow = Option<(u64, Result<(), Verdict>)>;

/// The cells of one row, and what is wrong with them.
pub(super) struct Cells<'r> {
    record: &'r Record,
    columns: &'r Columns,
    forms: &'r mut Forms,
    verdicts: Vec<Verdict>,
    /// Two forms of one thing: this concerns the whole file.
    mixed: Option<Verdict>,
}

impl Cells<'_> {
    /// A cell as its column is given: an empty one is `Value(None)`, and so is a bad one, which is
    /// noted.
    pub(super) fn given<T>(
        &mut self,
        column: impl Column,
        parse: impl FnOnce(&str, &mut Forms) -> Result<T, CellProblem>,
    ) -> Given<T> {
        match self.columns.cell(self.record, column) {
            None => Given::Absent,
            Some("") => Given::Value(None),
            Some(cell) => {
                let parsed = parse(cell, self.forms);
                Given::Value(parsed.map_err(|problem| self.note(column, &problem)).ok())
            }
        }
    }

    /// A cell that must not be empty; `None` where it is noted as bad.
    pub(super) fn required<T>(
        &mut self,
        column: impl Column,
        parse: impl FnOnce(&str, &mut Forms) -> Result<T, CellProblem>,
    ) -> Option<T> {
        let problem = match self.columns.cell(self.record, column) {
            None => CellProblem::Missing,
            Some("") => CellProblem::Empty,
            Some(_) => return self.given(column, parse).or(None),
        };
        self.note(column, &problem);
        None
    }

    fn text<const MAX: usize>(&mut self, column: impl Column) -> Given<Words<MAX>> {
        self.given(column, |cell, _| cells::text(cell))
    }

    fn location(&mut self, column: impl Column) -> Given<LocationCode> {
        self.given(column, |cell, _| cells::id(cell, LocationCode::from_i64))
    }

    pub(super) fn note(&mut self, column: impl Column, problem: &CellProblem) {
        let verdict = on_cell(self.forms.line, column.to_name(), problem);
        if matches!(problem, CellProblem::MixedForms { .. }) {
            self.mixed.get_or_insert(verdict);
        } else {
            self.verdicts.push(verdict);
        }
    }
}

fn member_row(cells: &mut Cells<'_>) -> Option<MemberRow> {
    use MemberColumn as Column;
    let code = cells.required(Column::Code, |cell, _| cells::text(cell));
    let name = cells.required(Column::Name, |cell, _| cells::text(cell));
    let member = cells.given(Column::Member, |cell, _| cells::id(cell, MemberId::from_i64));
    Some(MemberRow {
        member: member.or(None),
        document_kind: cells.text(Column::DocumentKind),
        document_number: cells.text(Column::DocumentNumber),
        tax_id: cells.text(Column::TaxId),
        address: cells.text(Column::Address),
        location: cells.location(Column::Location),
        supply_point: cells.location(Column::SupplyPoint),
        state: cells.given(Column::State, |cell, _| cells::contract_state(cell)),
        email: cells.text(Column::Email),
        phone: cells.text(Column::Phone),
        former_code: cells.text(Column::FormerCode).or(None),
        // Last, so that all bad cells of the row are noted.
        code: code?,
        name: name?,
    })
}

fn bill_row(cells: &mut Cells<'_>) -> Option<BillRow> {
    use BillColumn as Column;
    let bill_id = |cell: &str, _: &mut Forms| cells::id(cell, BillId::from_i64);
    let bill = cells.required(Column::Bill, bill_id);
    let contract = cells.required(Column::Contract, |cell, _| cells::text(cell));
    let period = cells.required(Column::Period, cells::period);
    let amount = cells.required(Column::Amount, cells::amount);
    let state = cells.given(Column::State, |cell, _| cells::bill_state(cell));
    let replaces = cells.given(Column::Replaces, bill_id);
    let printed = printed_row(cells);
    Some(BillRow {
        bill: bill?,
        contract: contract?,
        period: period?,
        amount: amount?,
        state,
        replaces: replaces.or(None),
        printed,
    })
}

fn printed_row(cells: &mut Cells<'_>) -> PrintedRow {
    use BillColumn as Column;
    PrintedRow {
        issued_on: cells.given(Column::IssuedOn, cells::date),
        due_on: cells.given(Column::DueOn, cells::date),
        billing_month: cells.text(Column::BillingMonth),
        fiscal_number: cells.text(Column::FiscalNumber),
        authorization: cells.text(Column::Authorization),
        control_code: cells.text(Column::ControlCode),
        issue_deadline: cells.given(Column::IssueDeadline, cells::date),
        cuf: cells.text(Column::Cuf),
        reading_before: cells.text(Column::ReadingBefore),
        reading_after: cells.text(Column::ReadingAfter),
        consumption: cells.text(Column::Consumption),
        tax_credit_base: cells.given(Column::TaxCreditBase, cells::amount),
        ice_and_fees: cells.given(Column::IceAndFees, cells::amount),
        untaxed: cells.given(Column::Untaxed, cells::amount),
        not_subject: cells.given(Column::NotSubject, cells::amount),
        // Some billers write what is taken off with a minus.
        discounts: cells.given(Column::Discounts, cells::signed_amount),
        details: cells.given(Column::Details, cells::details),
    }
}
