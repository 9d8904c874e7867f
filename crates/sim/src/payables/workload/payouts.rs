//! Payouts: right, repeated and wrong.

use ventanilla_domain::{
    Application, CallerKey, Currency, DocumentNumber, IncomeWithholding, Means, MeansLine, Money,
    PayoutCommand, PayoutId, PayoutTerms, PurchaseInvoiceId, SupplierId, Withholdings,
};
use ventanilla_service::{PastPayable, PayoutRequest};

use super::{KnownInvoice, NOBODY, VALID, Workload, nobodys_supplier, text};

/// The point of issue that has no number left once its last one was given.
const FULL_POINT: u32 = 7;

/// The last number of a point of issue.
const LAST_SERIAL: u32 = 99_999_999;

impl Workload {
    pub(super) fn payout(&mut self, of: usize) -> PayoutRequest {
        let (supplier, applied) = self.applications(of);
        let terms = self.terms(of, supplier, applied);
        let (point, serial) = self.number();
        let caller_key = self.maybe(|made| {
            let key = format!("intento-{}", made.fresh());
            CallerKey::from_text(&key).expect(VALID)
        });
        PayoutRequest { terms, point, serial, caller_key }
    }

    /// A payout under an id of before, beyond those in use, but for one that is. It names no attempt.
    pub(super) fn past_payout(&mut self, of: usize) -> PastPayable<PayoutId, PayoutCommand> {
        let request = if self.is_in(4) { self.wrong_payout(of) } else { self.payout(of) };
        let beyond = self.known[of].last_payout + self.random.i64(1..30);
        let id = if self.is_in(12) { self.known[of].last_payout.max(1) } else { beyond };
        let PayoutRequest { terms, point, serial, .. } = request;
        let says = PayoutCommand {
            terms,
            point,
            serial,
            recorded_by: self.words("operador"),
            integrator: None,
            caller_key: None,
        };
        PastPayable { id: PayoutId::from_i64(id).expect(VALID), says }
    }

    /// The very attempt of before, or one that has its name alone.
    pub(super) fn repeated(&mut self) -> Option<(usize, usize, PayoutRequest)> {
        let at = self.random.usize(0..self.named.len().max(1));
        let (caller, of, mut request) = self.named.get(at).cloned()?;
        match self.random.u8(0..14) {
            0 => request.terms.description = Some(text("otra cosa")),
            1 => request.terms.total = self.money(of, 1),
            2 => request.terms.applied.reverse(),
            3 => request.serial = self.number().1,
            4 => request.point = self.number().0,
            // What is left out says nothing else.
            5 => request.serial = None,
            6 => request.point = Some(request.point.unwrap_or(1)),
            _ => {}
        }
        Some((caller, of, request))
    }

    /// Mostly the next number of the first point.
    fn number(&mut self) -> (Option<u32>, Option<u32>) {
        match self.random.u8(0..20) {
            0..10 => (None, None),
            10..14 => (Some(self.random.u32(0..3)), None),
            14..19 => (self.maybe(|made| made.random.u32(0..3)), Some(self.fresh() * 3)),
            _ => (Some(FULL_POINT), self.maybe(|_| LAST_SERIAL)),
        }
    }

    /// A supplier, and what is settled of some of its invoices: to the last hundredth, or in part.
    fn applications(&mut self, of: usize) -> (SupplierId, Vec<(PurchaseInvoiceId, i64)>) {
        let open: Vec<KnownInvoice> =
            self.known[of].invoices.iter().filter(|known| known.open_minor > 0).cloned().collect();
        if open.is_empty() || self.is_in(5) {
            return (self.supplier(of), Vec::new());
        }
        let supplier = self.one_of(&open).supplier;
        let mut own: Vec<_> = open.into_iter().filter(|known| known.supplier == supplier).collect();
        self.random.shuffle(&mut own);
        own.truncate(self.random.usize(1..4));
        let settled = |known: KnownInvoice| {
            let is_whole = self.random.bool();
            let part = self.random.i64(1..=known.open_minor);
            (known.id, if is_whole { known.open_minor } else { part })
        };
        (supplier, own.into_iter().map(settled).collect())
    }

    fn terms(
        &mut self,
        of: usize,
        supplier: SupplierId,
        applied: Vec<(PurchaseInvoiceId, i64)>,
    ) -> PayoutTerms {
        let taken: i64 = applied.iter().map(|(_, minor)| minor).sum();
        let advance = if taken > 0 && self.random.bool() { 0 } else { self.minor() };
        let settled = taken + advance;
        let withholdings = self.withholdings(of, settled);
        let (discounts, interest) = (self.part(settled), self.part(settled));
        let withheld = withheld(&withholdings);
        let paid = settled - withheld - discounts + interest;
        // Both habits of the total: with what is kept back, and without.
        let total = if self.random.bool() { paid } else { paid + withheld };
        let stated = if self.is_in(3) { 0 } else { taken };
        let money = |minor| Money::from_minor(minor, self.known[of].currency);
        let application = |(invoice, minor)| Application { invoice, amount: money(minor) };
        let applied = applied.into_iter().map(application).collect();
        PayoutTerms {
            supplier,
            paid_on: self.date(),
            is_rate_stated: self.random.bool(),
            total: self.money(of, total),
            stated_advance: self.money(of, advance),
            stated_invoices: self.money(of, stated),
            discounts: self.money(of, discounts),
            interest: self.money(of, interest),
            withholdings,
            means: self.means(of, paid),
            applied,
            description: self.maybe(|made| made.words("pago")),
        }
    }

    /// Now and then a tenth at most.
    fn part(&mut self, minor: i64) -> i64 {
        if minor < 10 || !self.is_in(3) { 0 } else { self.random.i64(1..=minor / 10) }
    }

    fn withholdings(&mut self, of: usize, settled: i64) -> Withholdings {
        let [gross_income, first, second, rent] = [(); 4].map(|()| self.part(settled));
        let income = [first, second].map(|minor| IncomeWithholding {
            amount: self.money(of, minor),
            code: self.maybe(|made| made.words("régimen")),
            base: self.money(of, minor * 7),
        });
        let [gross_income, rent] = [gross_income, rent].map(|minor| self.money(of, minor));
        Withholdings { gross_income, income, rent }
    }

    /// Lines that add up to an amount of more than nothing; one means may have several.
    fn means(&mut self, of: usize, paid: i64) -> Vec<MeansLine> {
        let mut lines = Vec::new();
        let mut rest = paid;
        while rest > 0 {
            let is_last = rest == 1 || lines.len() == 3 || self.random.bool();
            let amount = if is_last { rest } else { self.random.i64(1..rest) };
            rest -= amount;
            lines.push(MeansLine {
                means: self.one_of(&Means::ALL),
                amount: self.money(of, amount),
                chart_account: self.maybe(|made| made.words("cuenta")),
                cheque_number: self.maybe(|made| made.words("cheque")),
                valid_on: self.maybe(Self::date),
                is_reconciled: self.random.bool(),
            });
        }
        lines
    }

    pub(super) fn wrong_payout(&mut self, of: usize) -> PayoutRequest {
        let mut request = self.payout(of);
        match self.random.u8(0..15) {
            0 => request.terms.supplier = nobodys_supplier(),
            1..4 => self.spoil_amount(&mut request.terms),
            4 => request.terms.total = self.money(of, request.terms.total.to_minor() + 1),
            5 => self.raise_interest(of, &mut request.terms, false),
            6 => self.raise_interest(of, &mut request.terms, true),
            7..10 => self.spoil_applications(of, &mut request.terms),
            10 => request.serial = Some(self.one_of(&[0, LAST_SERIAL + 1])),
            11 => request.point = Some(100_000),
            12 => self.add_lines(&mut request.terms),
            _ => {
                let number = self.payout_of_before(of).map(|payout| payout.number);
                request.point = number.map(DocumentNumber::to_point);
                request.serial = number.map(DocumentNumber::to_serial);
            }
        }
        request
    }

    /// More lines than there may be of one kind, or as many as there may: their sums are other ones.
    fn add_lines(&mut self, terms: &mut PayoutTerms) {
        let more = self.random.usize(0..2);
        if let Some(first) = terms.applied.first().copied().filter(|_| self.random.bool()) {
            terms.applied.resize(200 + more, first);
        } else if let Some(line) = terms.means.first().cloned() {
            terms.means.resize(50 + more, line);
        }
    }

    fn spoil_amount(&mut self, terms: &mut PayoutTerms) {
        let currency = terms.total.currency();
        let wrong = match self.random.u8(0..3) {
            0 => Money::from_minor(-1, currency),
            1 => Money::from_minor(Money::PAYABLE_MAX_MINOR + 1, currency),
            _ => Money::from_minor(100, Currency::from_code("USD").expect(VALID)),
        };
        let nothing = Money::zero(currency);
        match self.random.u8(0..14) {
            0 => terms.total = wrong,
            1 => terms.total = nothing,
            2 => terms.means.clear(),
            3 => terms.means[0].amount = wrong,
            4 => terms.means[0].amount = nothing,
            5 => terms.stated_advance = wrong,
            6 => terms.stated_invoices = wrong,
            7 => terms.discounts = wrong,
            8 => terms.interest = wrong,
            9 => terms.withholdings.gross_income = wrong,
            10 => terms.withholdings.rent = wrong,
            11 => terms.withholdings.income[0].amount = wrong,
            12 => terms.withholdings.income[1].base = wrong,
            _ => {
                let wrong = if self.random.bool() { wrong } else { nothing };
                terms.applied.iter_mut().for_each(|application| application.amount = wrong);
            }
        }
    }

    /// Interest that leaves nothing settled, or a hundredth less than the invoices take.
    fn raise_interest(&mut self, of: usize, terms: &mut PayoutTerms, is_total: bool) {
        let means: i64 = terms.means.iter().map(|line| line.amount.to_minor()).sum();
        let taken: i64 = terms.applied.iter().map(|applied| applied.amount.to_minor()).sum();
        let all = means + withheld(&terms.withholdings) + terms.discounts.to_minor();
        let interest =
            if is_total || taken < 2 { all + self.random.i64(0..2) } else { all - taken + 1 };
        terms.interest = self.money(of, interest);
    }

    fn spoil_applications(&mut self, of: usize, terms: &mut PayoutTerms) {
        let nobodys = PurchaseInvoiceId::from_i64(NOBODY).expect(VALID);
        let others = self.known[of].invoices.iter();
        let mut others = others.filter(|known| known.supplier != terms.supplier);
        let other = others.next().map_or(nobodys, |known| known.id);
        let one = self.money(of, 1);
        match (self.random.u8(0..4), terms.applied.first().copied()) {
            (0, Some(first)) => terms.applied.push(first),
            (1, Some(first)) => {
                let mut known = self.known[of].invoices.iter();
                let known = known.find(|known| known.id == first.invoice);
                let open = known.map_or(0, |known| known.open_minor);
                let over = open.max(0) + self.random.i64(1..4);
                terms.applied[0].amount = self.money(of, over);
            }
            (2, _) => terms.applied.push(Application { invoice: other, amount: one }),
            _ => terms.applied.push(Application { invoice: nobodys, amount: one }),
        }
    }
}

fn withheld(withholdings: &Withholdings) -> i64 {
    let Withholdings { gross_income, income: [first, second], rent } = withholdings;
    let taxes = [*gross_income, first.amount, second.amount, *rent];
    taxes.into_iter().map(Money::to_minor).sum()
}
