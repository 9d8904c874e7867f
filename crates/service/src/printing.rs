//! What is printed of a payment: the same facts whenever it is asked for (docs/decisions/0013).

use std::sync::Arc;

use ventanilla_domain::{BillId, Company, CompanyId, Issuer, Payment, PaymentId, PrintablePayment};
use ventanilla_store::{StoreError, View};

use crate::failure::damaged;
use crate::logo::logo_of;
use crate::session::own_payment;
use crate::{Failure, PrintRefusal, RECEIPT_PATH, ReprintRefusal, Service, Session};

impl Session<'_> {
    /// A payment of the calling collector's, with what its paper says (`imprimirfactura`). Refusals
    /// in the order of [`PrintRefusal`]. Unavailable where the payment is not in the mirror yet.
    pub fn payment_to_print(
        &self,
        bill: BillId,
        payment: PaymentId,
    ) -> Result<PrintablePayment, Failure<PrintRefusal>> {
        let printed = self.read(|view, caller| {
            let payment = own_payment(view, caller, payment)?;
            Ok(match payment {
                None => Err(PrintRefusal::PaymentUnknown),
                Some(payment) if payment.bill != bill => Err(PrintRefusal::PaymentOfAnotherBill),
                Some(payment) => Ok(printable(view, &caller.company, payment)?),
            })
        })?;
        self.service().require_mirrored(&printed.payment, printed.reversal.as_ref())?;
        Ok(printed)
    }
}

impl Service {
    /// A payment of a company, whoever took it, with what its paper says. Refusals in the order of
    /// [`ReprintRefusal`].
    pub fn payment_to_print(
        &self,
        company: CompanyId,
        payment: PaymentId,
    ) -> Result<PrintablePayment, Failure<ReprintRefusal>> {
        self.read_decided(|view| {
            let Some(company) = view.company(company)? else {
                return Ok(Err(ReprintRefusal::CompanyUnknown));
            };
            let Some(payment) = view.payment(&company, payment)? else {
                return Ok(Err(ReprintRefusal::PaymentUnknown));
            };
            printable(view, &company, payment).map(Ok)
        })
    }
}

impl Service {
    /// What the QR code of a payment's paper says: where its proof is looked up, as the issuer of the
    /// payment had it, and the code itself. Below 900 characters.
    pub fn receipt_text(&self, printed: &PrintablePayment) -> String {
        let code = self.receipt_code(&printed.company, &printed.payment);
        let url = printed.issuer.as_ref().and_then(|issuer| issuer.public_url.as_ref());
        url.map_or_else(
            || format!("{RECEIPT_PATH}{code}"),
            |url| format!("{url}/{RECEIPT_PATH}{code}"),
        )
    }
}

pub(crate) fn printable(
    view: &View<'_>,
    company: &Arc<Company>,
    payment: Payment,
) -> Result<PrintablePayment, StoreError> {
    let version = view.version(company, payment.contract, payment.bill, payment.bill_version)?;
    let version = version.ok_or_else(|| damaged("a payment has no version"))?;
    let file = view.file(company.id, version.source.file)?;
    let entry = file.ok_or_else(|| damaged("a version has no file"))?.entry;
    let holder = view.holder_at(company.id, payment.contract, entry)?;
    let collector = view.collector(payment.collector)?;
    let issuer = issuer_of_number(view, company.id, payment.issuer)?;
    Ok(PrintablePayment {
        company: Arc::clone(company),
        logo: logo_of(view, company.id, issuer.as_ref())?,
        issuer,
        holder: holder.ok_or_else(|| damaged("a payment has no holder"))?,
        version,
        reversal: view.reversal(company, payment.id)?,
        payment,
        collector: collector.ok_or_else(|| damaged("a payment has no collector"))?.name,
    })
}

/// A version of a company's issuer; none of number 0.
pub(crate) fn issuer_of_number(
    view: &View<'_>,
    company: CompanyId,
    number: u32,
) -> Result<Option<Issuer>, StoreError> {
    if number == 0 {
        return Ok(None);
    }
    let issuer = view.issuer(company, number)?;
    issuer.map(Some).ok_or_else(|| damaged("an issuer that is named is missing"))
}
