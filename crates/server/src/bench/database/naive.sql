-- The work of a payment as it is written first: a statement for each thing that is asked or kept, and a round
-- trip for each statement. It leaves out the number of the event, and what the chain signs.
\set number :number + 1
\set place :from + :number * :clients + :client_id
\set index (:place * 999983) % :bills
\set contract :index / :bills_per_contract + 1
\set bill :first_bill + :index
BEGIN;
SELECT c.collector_id, c.is_active, t.expires_at_us
  FROM token t JOIN collector c USING (collector_id)
  WHERE t.digest = decode(:digest, 'hex') \gset bearer_
SELECT c.contract_key, c.state, m.name AS member
  FROM contract c JOIN member m USING (company_id, member_id)
  WHERE c.company_id = 1 AND c.code = CAST(:contract AS TEXT) \gset payer_
SELECT b.period, b.amount_minor, b.version
  FROM bill b WHERE b.company_id = 1 AND b.contract_key = :payer_contract_key AND b.bill_id = :bill
  FOR UPDATE \gset bill_
SELECT k.payment_id FROM caller_key k
  WHERE k.company_id = 1 AND k.collector_id = :bearer_collector_id AND k.operation = 'pay'
  AND k.caller_key = 'n' || CAST(:place AS TEXT);
INSERT INTO payment (company_id, payment_id, collector_id, contract_key, contract_code, member_name,
  bill_id, bill_version, period, amount_minor, recorded_at_us, business_day, caller_reference, caller_key)
  VALUES (1, :place, :bearer_collector_id, :payer_contract_key, CAST(:contract AS TEXT), :payer_member,
  :bill, :bill_version, :bill_period, :bill_amount_minor,
  CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT), '2021-11-26',
  CAST(:contract AS TEXT), 'n' || CAST(:place AS TEXT));
UPDATE bill SET paid_by = :place, last_payment = :place
  WHERE company_id = 1 AND contract_key = :payer_contract_key AND bill_id = :bill AND paid_by IS NULL;
INSERT INTO caller_key (company_id, collector_id, operation, caller_key, payment_id)
  VALUES (1, :bearer_collector_id, 'pay', 'n' || CAST(:place AS TEXT), :place);
UPDATE counter SET next_entry = next_entry + 1, chain = sha256(chain)
  WHERE company_id = 1 RETURNING next_entry - 1 AS entry, encode(chain, 'hex') AS chain \gset counter_
INSERT INTO journal (company_id, entry_number, row_number, recorded_at_us, kind, payload, chain, debit,
  credit, amount_minor)
  VALUES (1, :counter_entry, 0, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT),
  'payment-made', :payload, decode(:counter_chain, 'hex'), 'collector:1', 'receivable',
  :bill_amount_minor);
INSERT INTO balance (company_id, account, balance_minor)
  VALUES (1, 'collector:1', CAST(:bill_amount_minor AS BIGINT)),
  (1, 'receivable', -CAST(:bill_amount_minor AS BIGINT))
  ON CONFLICT (company_id, account)
  DO UPDATE SET balance_minor = balance.balance_minor + excluded.balance_minor;
COMMIT;
