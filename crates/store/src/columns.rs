//! The columns that rows are read from, in the order `rows.rs` takes them. Each list is a macro, so
//! that `concat!` takes it.

macro_rules! columns {
    ($($name:ident = $text:literal;)*) => {
        $(macro_rules! $name { () => { $text } })*
    };
}

columns! {
    company_columns = "company.company_id, company.name, currency, time_zone, policy, \
        company.issuer";
    member_columns = "m.member_id, m.name, m.document_kind, m.document_number, m.tax_id, \
        m.location, m.email, m.phone, m.is_assigned";
    contract_columns = "c.contract_key, c.code, c.member_id, c.state, c.address, c.supply_point";
    bill_columns = "b.contract_key, b.bill_id, b.version, b.period, b.amount_minor, b.state, \
        b.paid_by, b.last_payment";
    bills_by_number = " FROM bill_version v CROSS JOIN bill b \
        USING (company_id, contract_key, bill_id, version) \
        WHERE v.company_id = ?1 AND v.bill_id > ?2";
    version_columns = "contract_key, bill_id, version, period, amount_minor, state, printed, \
        revenue, file_id, line, replaced_by";
    payment_columns = "p.payment_id, p.collector_id, p.contract_key, p.contract_code, \
        p.member_name, p.bill_id, p.bill_version, p.period, p.amount_minor, p.recorded_at_us, \
        p.business_day, p.caller_reference, p.caller_key, p.branch, p.cashier, p.terminal, \
        p.means, p.collected_at, p.previous, p.issuer";
    reversal_columns = "r.payment_id, r.collector_id, r.contract_key, r.bill_id, r.amount_minor, \
        r.recorded_at_us, r.business_day, r.reason, r.caller_key";
    file_columns = "file_id, kind, name, sha256, lines, imported_by, entry_number, totals";
    collector_columns = "collector_id, company_id, name, login, code_digest, secret_digest, \
        can_list, is_active, previous_secret_digest, previous_until_us, is_window, \
        payment_max_minor, held_max_minor, \
        (SELECT currency FROM company WHERE company.company_id = collector.company_id)";
    token_columns = "digest, collector_id, issued_at_us, expires_at_us";
}
