//! The rows of a file, parsed one at a time.

use csv::{ReaderBuilder, StringRecord, Terminator};
use ventanilla_domain::{
    BillId, BillRow, Currency, Given, LocationCode, MemberId, MemberRow, PrintedRow, Text as Words,
};

use super::cells::{self, Forms};
use super::columns::{BillColumn, Column, Columns, MemberColumn};
use super::text::{BUFFER_LEN, Scan, Separator, Text};
use super::verdict::{CellProblem, FileProblem, RowProblem, on_cell, on_line, refuse_file};
use super::{ImportRefusal, Source, Verdict};

/// A row that was read: its line (from 1; the heading is line 1), and the row or, for each bad cell
/// of it, a verdict.
pub(crate) type Judged<T> = (u64, Result<T, Vec<Verdict>>);

/// The rows of a file of members.
///
/// As an iterator it ends after an error, which concerns the file: reading failed, the bytes are not
/// those scanned, a quotation that does not end, two forms of one thing.
pub(crate) struct MemberRows<'a> {
    records: Records<'a>,
    forms: Forms,
}

impl<'a> MemberRows<'a> {
    /// Reads the heading of a scanned source. Errors in order: reading fails, the heading is bad.
    pub(crate) fn new(source: &'a mut dyn Source, scan: &Scan) -> Result<Self, ImportRefusal> {
        // No amount is among a member's columns.
        let forms = Forms::new(Currency::BOB, false);
        Ok(Self { records: Records::from_start::<MemberColumn>(source, scan)?, forms })
    }

    /// Bytes of the file read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.records.bytes_read()
    }
}

impl Iterator for MemberRows<'_> {
    type Item = Result<Judged<MemberRow>, ImportRefusal>;

    fn next(&mut self) -> Option<Self::Item> {
        self.records.next(&mut self.forms, member_row)
    }
}

/// The rows of a file of bills. As an iterator it ends after an error, as [`MemberRows`] does.
pub(crate) struct BillRows<'a> {
    records: Records<'a>,
    forms: Forms,
}

impl<'a> BillRows<'a> {
    /// Reads the heading of a scanned source; amounts are taken as of `currency`.
    ///
    /// Errors in order: reading fails, the heading is bad.
    pub(crate) fn new(
        source: &'a mut dyn Source,
        scan: &Scan,
        currency: Currency,
    ) -> Result<Self, ImportRefusal> {
        let forms = Forms::new(currency, scan.separator == Separator::Semicolon);
        Ok(Self { records: Records::from_start::<BillColumn>(source, scan)?, forms })
    }

    /// Bytes of the file read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.records.bytes_read()
    }
}

impl Iterator for BillRows<'_> {
    type Item = Result<Judged<BillRow>, ImportRefusal>;

    fn next(&mut self) -> Option<Self::Item> {
        self.records.next(&mut self.forms, bill_row)
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

/// The records of a file after its heading, in one buffer.
struct Records<'a> {
    reader: csv::Reader<Text<'a>>,
    record: StringRecord,
    columns: Columns,
    has_ended: bool,
}

impl<'a> Records<'a> {
    fn from_start<C: Column>(
        source: &'a mut dyn Source,
        scan: &Scan,
    ) -> Result<Self, ImportRefusal> {
        let mut reader = ReaderBuilder::new()
            .delimiter(scan.separator.to_byte())
            // A carriage return alone ends no record; before a line feed it is trimmed off.
            .terminator(Terminator::Any(b'\n'))
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER_LEN)
            .from_reader(Text::from_start(source, scan)?);
        let mut record = StringRecord::new();
        let line = read_record(&mut reader, &mut record)?
            .ok_or_else(|| refuse_file(1, &FileProblem::NoHeading))?;
        let columns = Columns::from_heading::<C>(&record, line)?;
        Ok(Self { reader, record, columns, has_ended: false })
    }

    fn bytes_read(&self) -> u64 {
        self.reader.get_ref().bytes_read()
    }

    fn next<T>(
        &mut self,
        forms: &mut Forms,
        parse: fn(&mut Cells<'_>) -> Option<T>,
    ) -> Option<Result<Judged<T>, ImportRefusal>> {
        if self.has_ended {
            return None;
        }
        let line = match self.next_record() {
            Ok(Some(line)) => line,
            Ok(None) => {
                self.has_ended = true;
                return None;
            }
            Err(refusal) => {
                self.has_ended = true;
                return Some(Err(refusal));
            }
        };
        let (found, expected) = (self.record.len(), self.columns.count);
        if found != expected {
            let verdict = on_line(line, &RowProblem::CellCount { expected, found });
            return Some(Ok((line, Err(vec![verdict]))));
        }
        forms.line = line;
        let (record, columns) = (&self.record, &self.columns);
        let mut cells = Cells { record, columns, forms, verdicts: Vec::new(), mixed: None };
        let row = parse(&mut cells);
        if let Some(verdict) = cells.mixed {
            self.has_ended = true;
            return Some(Err(ImportRefusal::Unreadable(verdict)));
        }
        Some(Ok((line, row.filter(|_| cells.verdicts.is_empty()).ok_or(cells.verdicts))))
    }

    /// Reads the next record in which any cell is filled, and gives its line.
    fn next_record(&mut self) -> Result<Option<u64>, ImportRefusal> {
        loop {
            let line = read_record(&mut self.reader, &mut self.record)?;
            let is_empty = self.record.iter().all(is_blank);
            if line.is_none() || !is_empty {
                return Ok(line);
            }
        }
    }
}

/// Whether a cell holds nothing; old systems end a file with the control character U+001A.
fn is_blank(cell: &str) -> bool {
    cell.chars().all(|char| char.is_whitespace() || char == '\u{1A}')
}

/// Reads a record and gives the line it starts on; `None` at the end.
fn read_record(
    reader: &mut csv::Reader<Text<'_>>,
    record: &mut StringRecord,
) -> Result<Option<u64>, ImportRefusal> {
    let start = reader.position().line();
    reader.get_mut().start_record();
    if let Err(error) = reader.read_record(record) {
        return Err(refuse_file(start, &reader.get_mut().take_problem(&error)));
    }
    // Past the line feed that ends the last line there is but the mark of the end.
    let len = reader.get_ref().to_len();
    let is_past = len.is_some_and(|len| reader.position().byte() > len + 1);
    if is_past && record.len() == 1 && &record[0] == "\0" {
        return Ok(None);
    }
    let lines = reader.position().line() - start;
    if lines == 1 {
        return Ok(Some(start));
    }
    // Line feeds that are in no cell: the one that ends the record, and empty lines before it.
    let line = start + lines.saturating_sub(line_feeds(record));
    if is_past { Err(refuse_file(line, &FileProblem::QuoteOpen)) } else { Ok(Some(line - 1)) }
}

fn line_feeds(record: &StringRecord) -> u64 {
    record.iter().flat_map(str::bytes).filter(|byte| *byte == b'\n').count() as u64
}

/// The cells of one row, and what is wrong with them.
struct Cells<'r> {
    record: &'r StringRecord,
    columns: &'r Columns,
    forms: &'r mut Forms,
    verdicts: Vec<Verdict>,
    /// Two forms of one thing: this concerns the whole file.
    mixed: Option<Verdict>,
}

impl Cells<'_> {
    /// A cell as its column is given: an empty one is `Value(None)`, and so is a bad one, which is
    /// noted.
    fn given<T>(
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
    fn required<T>(
        &mut self,
        column: impl Column,
        parse: impl FnOnce(&str, &mut Forms) -> Result<T, CellProblem>,
    ) -> Option<T> {
        let is_empty = self.columns.cell(self.record, column).is_none_or(str::is_empty);
        if is_empty {
            self.note(column, &CellProblem::Empty);
            return None;
        }
        self.given(column, parse).or(None)
    }

    fn text<const MAX: usize>(&mut self, column: impl Column) -> Given<Words<MAX>> {
        self.given(column, |cell, _| cells::text(cell))
    }

    fn location(&mut self, column: impl Column) -> Given<LocationCode> {
        self.given(column, |cell, _| cells::id(cell, LocationCode::from_i64))
    }

    fn note(&mut self, column: impl Column, problem: &CellProblem) {
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
        former_code: None,
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
