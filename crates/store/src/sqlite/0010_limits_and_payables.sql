-- What a collector may take: of one payment, and of what it holds. Without a figure there is no limit.
ALTER TABLE collector ADD COLUMN payment_max_minor INTEGER CHECK (payment_max_minor > 0);
ALTER TABLE collector ADD COLUMN held_max_minor INTEGER CHECK (held_max_minor > 0);

-- The invoices of a supplier, and the payouts to it, the latest first, without a look at any other.
CREATE INDEX invoice_by_supplier ON purchase_invoice (company_id, supplier_id, invoice_id);
CREATE INDEX payout_by_supplier ON payout (company_id, supplier_id, payout_id);
