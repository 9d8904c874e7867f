-- Books of one company as large as is wanted: contracts and bills without the file they would come from, the
-- entry that would keep them, and what is printed of them. A payment asks for none of these.
ALTER TABLE bill DROP CONSTRAINT bill_has_a_contract;
ALTER TABLE contract DROP CONSTRAINT contract_has_a_member;
INSERT INTO member (company_id, member_id, is_assigned, name)
  SELECT 1, number, 1, 'Socio de prueba ' || number FROM generate_series(1, :contracts) AS number;
INSERT INTO contract (company_id, contract_key, code, member_id, state)
  SELECT 1, number, number, number, 'active' FROM generate_series(1, :contracts) AS number;
INSERT INTO bill (company_id, contract_key, bill_id, period, amount_minor, state, version)
  SELECT 1, index / :bills_per_contract + 1, :first_bill + index,
    202101 + index % :bills_per_contract, 1000 + index * 37 % 20000, 'owed', 1
  FROM generate_series(0, CAST(:bills AS BIGINT) - 1) AS index;
UPDATE counter SET next_member = :contracts + 1, next_contract = :contracts + 1;
ALTER TABLE contract ADD CONSTRAINT contract_has_a_member
  FOREIGN KEY (company_id, member_id) REFERENCES member (company_id, member_id);
ALTER TABLE bill ADD CONSTRAINT bill_has_a_contract
  FOREIGN KEY (company_id, contract_key) REFERENCES contract (company_id, contract_key);
VACUUM (ANALYZE);
