//! Suppliers: new, changed and wrong.

use ventanilla_domain::{
    Cuit, DetailKind as _, DetailText, Given, SupplierCommand, SupplierDetail, SupplierId,
    SupplierRow,
};
use ventanilla_service::PastPayable;

use super::{VALID, Workload, nobodys_supplier, text};
use crate::words::SURNAMES;

impl Workload {
    /// A supplier nobody has; now and then with a tax number that another one may have.
    pub(super) fn new_supplier(&mut self, of: usize) -> SupplierRow {
        let (surname, count) = (self.one_of(&SURNAMES), self.fresh());
        let number = if self.is_in(6) { self.taxed(of) } else { count };
        SupplierRow {
            id: None,
            trade_name: Some(text(&format!("Distribuidora {surname} {count}"))),
            legal_name: Some(text(&format!("{surname} e Hijos S.R.L."))),
            tax_id: match self.random.u8(0..4) {
                0 => Given::Absent,
                1 => Given::Value(None),
                _ => Given::Value(Some(tax_id(number))),
            },
            is_active: self.maybe(|made| made.random.bool()),
            details: self.supplier_details(),
        }
    }

    /// A change of a supplier: often of nothing.
    pub(super) fn changed_supplier(&mut self, of: usize) -> SupplierRow {
        let full = self.new_supplier(of);
        SupplierRow {
            id: Some(self.supplier(of)),
            trade_name: full.trade_name.filter(|_| self.is_in(3)),
            legal_name: full.legal_name.filter(|_| self.is_in(3)),
            tax_id: if self.is_in(3) { full.tax_id } else { Given::Absent },
            is_active: full.is_active,
            details: if self.random.bool() { full.details } else { Vec::new() },
        }
    }

    pub(super) fn wrong_supplier(&mut self, of: usize) -> SupplierRow {
        let full = self.new_supplier(of);
        match self.random.u8(0..4) {
            0 => SupplierRow { id: Some(nobodys_supplier()), ..full },
            1 => SupplierRow { trade_name: None, ..full },
            2 => SupplierRow { legal_name: None, ..full },
            _ => SupplierRow { tax_id: Given::Value(Some(tax_id(self.taxed(of)))), ..full },
        }
    }

    /// A supplier under an id of before: one beyond those in use, or in a gap that one left; now and
    /// then one in use.
    pub(super) fn past_supplier(&mut self, of: usize) -> PastPayable<SupplierId, SupplierCommand> {
        let known = &self.known[of].suppliers;
        let last = known.iter().map(|id| id.to_i64()).max().unwrap_or(0);
        let gap = (1..last).rev().find(|id| known.iter().all(|known| known.to_i64() != *id));
        let beyond = last + self.random.i64(0..5);
        let id = gap.filter(|_| self.random.bool()).unwrap_or(beyond);
        let says = if self.is_in(4) { self.wrong_supplier(of) } else { self.new_supplier(of) };
        let id = SupplierId::from_i64(id).expect(VALID);
        let row = SupplierRow { id: None, ..says };
        PastPayable { id, says: SupplierCommand { row, changed_by: self.words("operador") } }
    }

    /// What some suppliers have.
    fn taxed(&mut self, of: usize) -> u32 {
        let len = u32::try_from(self.known[of].suppliers.len()).unwrap_or(u32::MAX);
        self.random.u32(0..=len.saturating_mul(4))
    }

    fn supplier_details(&mut self) -> Vec<(SupplierDetail, Option<DetailText>)> {
        let len = self.random.usize(0..4);
        (0..len)
            .map(|_| {
                let kind = self.one_of(SupplierDetail::ALL);
                (kind, self.maybe(|made| made.words("dato")))
            })
            .collect()
    }
}

/// The first tax number of that count, by trying each check digit.
fn tax_id(count: u32) -> Cuit {
    let of =
        |base: u32| (0..10).find_map(|digit| Cuit::from_text(&format!("20{base:08}{digit}")).ok());
    // Some counts have no check digit: the one far above does.
    of(count).or_else(|| (90_000_000 + count..).find_map(of)).expect(VALID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_has_a_tax_number() {
        for count in 0..2_000 {
            assert!(tax_id(count).to_digits().starts_with("20"));
        }
    }
}
