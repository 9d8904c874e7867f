//! One exchange per operation, as it stands on the wire: what tests and the reference show.

mod payables;

use std::sync::Arc;

use serde::Serialize;
use ventanilla_domain::{
    Company, CompanyId, Cuit, Currency, Money, Name, Policy, Role, Supplier, SupplierDetail,
    SupplierId, Text, TimeZone,
};
use ventanilla_service::SupplierState;

use super::convert::AnsweredAt;
use super::errors::Problem;
use super::operations::{self, OPERATIONS};
use super::request::Heard;
use super::wire::invoices::{EnteredInvoice, FoundInvoice};
use super::wire::payouts::{self, FoundPayout, MadePayout};
use super::wire::suppliers as supplier_wire;
use super::wire::{self, Called, Envelope, Found, Listed, Told, UsersCompany};

/// An exchange: what is called, what it is sent, and what it answers.
pub(super) struct Sample {
    pub(super) provision: &'static str,
    pub(super) operation: &'static str,
    /// `parameters` of the request.
    pub(super) parameters: &'static str,
    answer: Vec<u8>,
    printed: &'static str,
}

const SESSION: &str =
    r#""sesion":{"usuario":"a","claveSesion":"2b5fd41968528bb933454bcd4f804080"}"#;

fn at() -> AnsweredAt {
    AnsweredAt::from_instant("2016-08-18T15:39:29Z".parse().unwrap())
}

fn company() -> UsersCompany {
    let company = Company {
        id: CompanyId::from_i64(98).unwrap(),
        name: Name::from_text("Empresa \"Ñandú\" S.A.").unwrap(),
        currency: Currency::from_code("ARS").unwrap(),
        time_zone: TimeZone::from_name("America/Argentina/Buenos_Aires").unwrap(),
        policy: Policy::default(),
        issuer: 0,
    };
    (Arc::new(company), Role::Administrator)
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::from_text(text).unwrap()
}

fn supplier() -> SupplierState {
    let details = [
        (SupplierDetail::PostalProvince, text("Jujuy")),
        (SupplierDetail::Email, text("ventas@quebrada.example")),
    ];
    let supplier = Supplier {
        id: SupplierId::from_i64(91_694).unwrap(),
        trade_name: text("La Quebrada"),
        legal_name: text("La Quebrada S.R.L."),
        tax_id: Some(Cuit::from_text("30-50000010-0").unwrap()),
        is_active: true,
        registered_on: jiff::civil::date(2016, 8, 16),
        details: details.into(),
        changed_by: Text::from_text("a").unwrap(),
    };
    let balance = Money::from_minor(1100, Currency::from_code("ARS").unwrap());
    SupplierState { supplier, balance }
}

fn sample(
    (provision, operation): (&'static str, &'static str),
    parameters: &'static str,
    response: &impl Serialize,
    printed: &'static str,
) -> Sample {
    let called = Called { provision: provision.into(), operation: operation.into() };
    let response = wire::to_raw(response);
    let answer = Envelope::passed(&called, at(), &response).to_bytes();
    Sample { provision, operation, parameters, answer, printed }
}

/// `response` of each operation, in the order of the table.
pub(super) fn samples() -> Vec<Sample> {
    [of_people(), of_suppliers(), of_invoices(), of_payouts()].into_iter().flatten().collect()
}

fn of_people() -> Vec<Sample> {
    let key = "2b5fd41968528bb933454bcd4f804080";
    let companies = [company()];
    vec![
        sample(
            ("Usuario", "iniciar_sesion"),
            r#"{"usuario":"a","password":"0cc175b9c0f1b6a831c399e269772661"}"#,
            &Found::success(wire::DONE, wire::SignedIn { user: "a", key }),
            r#"{"success":true,"message":"La operación se realizó con éxito.","data":{"usuario":"a","claveSesion":"2b5fd41968528bb933454bcd4f804080"}}"#,
        ),
        sample(
            ("Usuario", "cerrar_sesion"),
            "{SESSION}",
            &Told::success(wire::DONE),
            r#"{"success":true,"message":"La operación se realizó con éxito."}"#,
        ),
        sample(
            ("Empresa", "listar_empresa"),
            r#"{SESSION,"start":0,"limit":50,"filter":[{"field":"IdEmpresa","op":"=","value":"98"}],"order":[{"field":"razonSocial","dir":"ASC"}]}"#,
            &Listed::success(wire::DONE, 1, wire::COMPANIES.rows(&companies)),
            r#"{"success":true,"message":"La operación se realizó con éxito.","total":"1","data":[COMPANY]}"#,
        ),
        sample(
            ("Empresa", "leer_empresa"),
            r#"{SESSION,"idEmpresa":"98"}"#,
            &Found::success(wire::DONE, wire::COMPANIES.row(&companies[0])),
            r#"{"success":true,"message":"La operación se realizó con éxito.","data":COMPANY}"#,
        ),
    ]
}

fn of_invoices() -> Vec<Sample> {
    let invoices = [payables::invoice()];
    let payouts = [payables::invoice_payout()];
    vec![
        sample(
            ("FacturaCompra", "alta_facturacompra"),
            r#"{SESSION,"idEmpresa":"98","idFactura":"","idProveedor":"91694","idTipoComprobante":"1","idTipoFactura":"A","nroFactura1":"0003","nroFactura2":"00004567","fechaFactura":"12-08-2016","fechaFacturaDoc":"11-08-2016","fechaPago":"11-09-2016","idCondicionPago":"a 30 Dias","idEstadoFactura":"Aprobada","idMoneda":"1","valorCambio":"1","netoGravado":"1000.00","netoNoGravado":"0","totalIVA":"210.00","IVA21":"210.00","IVA105":"0","IVA27":"0","percepcionIVA":"0","percepcionIIBB":50,"totalFactura":"1260.00","percsufridas":[{"jurisdiccion":"Jujuy","nroCertificado":"","importePerc":30},{"jurisdiccion":"Salta","nroCertificado":"","importePerc":20}],"descripcion":"Resmas","itemsFactura":[{"Descripcion":"Resma A4","Cantidad":10,"ImporteUnitario":"100.00","IVA":"21"}]}"#,
            &EnteredInvoice::from_id(invoices[0].1.invoice.id),
            r#"{"success":true,"message":"Se insertó la factura con éxito","idFactura":"4017","idfactura":"4017","data":{"idFactura":"4017"}}"#,
        ),
        sample(
            ("FacturaCompra", "leer_facturacompra"),
            r#"{SESSION,"idEmpresa":"98","idFactura":"4017"}"#,
            &FoundInvoice::from_state(&invoices[0]),
            r#"{"success":true,"message":"La operación se realizó con éxito.","infofactura":INVOICE,"itemsFactura":[{"idItem":"","codigo":"","Descripcion":"Resma A4","unidadMedida":"","Cantidad":"10","ImporteUnitario":"100.00","porcDesc":"","IVA":"21","idPlanCuenta":"","idAlmacen":"","ccosto1":"","ccosto2":"","SubTotal":""}],"data":INVOICE}"#,
        ),
        sample(
            ("FacturaCompra", "listar_facturascompra"),
            r#"{SESSION,"idEmpresa":"98","start":0,"limit":50,"filter":[{"field":"idEstadoFactura","op":"=","value":"Aprobada"}],"order":[{"field":"fechaFactura","dir":"DESC"}]}"#,
            &Listed::success(wire::DONE, 1, wire::invoices::INVOICES.rows(&invoices)),
            r#"{"success":true,"message":"La operación se realizó con éxito.","total":"1","data":[INVOICE]}"#,
        ),
        sample(
            ("FacturaCompra", "leer_pagos_factura"),
            r#"{SESSION,"idEmpresa":"98","idFactura":"4017"}"#,
            &Listed::success(wire::DONE, 1, wire::invoices::INVOICE_PAYOUTS.rows(&payouts)),
            r#"{"success":true,"message":"La operación se realizó con éxito.","total":"1","data":[{"idPago":"929","nroPago":"0001-00000289","fechaPago":"16/08/2016","idEstadoPago":"Aprobado","totalpagado":"11.00","importe":"11.00","descripcion":"A cuenta de las resmas"}]}"#,
        ),
    ]
}

fn of_payouts() -> Vec<Sample> {
    let (company, payout) = (company().0.id, payables::payout());
    vec![
        sample(
            ("Pago", "alta_pago"),
            PAYOUT,
            &Found::success(
                payouts::MADE,
                MadePayout::from_id(payables::invoice_payout().payout.id),
            ),
            r#"{"success":true,"message":"Se insertó el pago con éxito","data":{"idPago":"929","estesoreria":"0"}}"#,
        ),
        sample(
            ("Pago", "leer_pago"),
            r#"{SESSION,"idPago":"928","idEmpresa":"98"}"#,
            &Found::success(payouts::FOUND, FoundPayout::from_state(company, &payout)),
            FOUND_PAYOUT,
        ),
    ]
}

fn of_suppliers() -> Vec<Sample> {
    let suppliers = [supplier()];
    let id = suppliers[0].supplier.id;
    vec![
        sample(
            ("Proveedor", "alta_proveedor"),
            r#"{SESSION,"info_general":{"idEmpresa":"98","idProveedor":"","NombreFantasia":"La Quebrada","RazonSocial":"La Quebrada S.R.L.","CUIT":"30-50000010-0","Activo":"1","DirPostalProvincia":"Jujuy","Email":"ventas@quebrada.example"}}"#,
            &supplier_wire::Kept::success(supplier_wire::REGISTERED, id),
            r#"{"success":true,"message":"El proveedor se registró con éxito.","id_proveedor":"91694","data":{"idProveedor":"91694"}}"#,
        ),
        sample(
            ("Proveedor", "editar_proveedor"),
            r#"{SESSION,"idEmpresa":"98","idProveedor":"91694","Telefono":"0388 422-2333","DirPostalProvincia":""}"#,
            &supplier_wire::Kept::success(supplier_wire::EDITED, id),
            r#"{"success":true,"message":"El proveedor se actualizó con éxito.","id_proveedor":"91694","data":{"idProveedor":"91694"}}"#,
        ),
        sample(
            ("Proveedor", "leer_proveedor"),
            r#"{SESSION,"idEmpresa":"98","idProveedor":"91694"}"#,
            &Found::success(wire::DONE, supplier_wire::SUPPLIERS.row(&suppliers[0])),
            r#"{"success":true,"message":"La operación se realizó con éxito.","data":SUPPLIER}"#,
        ),
        sample(
            ("Proveedor", "listar_proveedor"),
            r#"{SESSION,"idEmpresa":"98","start":0,"limit":50,"filter":[{"field":"CUIT","op":"=","value":"30500000100"}],"order":[{"field":"NombreFantasia","dir":"ASC"}]}"#,
            &Listed::success(wire::DONE, 1, supplier_wire::SUPPLIERS.rows(&suppliers)),
            r#"{"success":true,"message":"La operación se realizó con éxito.","total":"1","data":[SUPPLIER]}"#,
        ),
    ]
}

const COMPANY: &str = r#"{"IdEmpresa":"98","razonSocial":"Empresa \"Ñandú\" S.A.","Nombre":"Empresa \"Ñandú\" S.A.","CUIT":"","idPlan":"","tipo":"","activa":"1","esAdministrador":"1","logoPath":"","fechaVencimiento":"","UltimoLogin":"","fecha_cierre_impuesto":"","actividad_economica":""}"#;

const SUPPLIER: &str = r#"{"idProveedor":"91694","RazonSocial":"La Quebrada S.R.L.","NombreFantasia":"La Quebrada","FechaAlta":"16/08/2016","DirPostal":"","DirPostalCiudad":"","DirPostalCodigoPostal":"","DirPostalProvincia":"Jujuy","DirPostalPais":"","DirFiscal":"","DirFiscalCiudad":"","DirFiscalCodigoPostal":"","DirFiscalProvincia":"","DirFiscalPais":"","Telefono":"","Activo":"1","idCondicionPago":"","idCondicionIva":"","CUIT":"30-50000010-0","Producto":"","CertificadoExclusion":"","idPlanCuenta":"","NroCuenta":"","CBU":"","Banco":"","DesBanco":"","porcentajeIVA":"","idRetGanancias":"","Email":"ventas@quebrada.example","Saldo":"11.00"}"#;
const INVOICE: &str = r#"{"idFactura":"4017","idProveedor":"91694","idEmpresa":"98","idEstadoAnterior":"","fechaFactura":"12/08/2016","fechaFacturaDoc":"11/08/2016","idTipoComprobante":"1","idTipoFactura":"A","nroFactura":"0003-00004567","idCondicionPago":"a 30 Dias","fechaPago":"11/09/2016","idEstadoFactura":"Aprobada","idMoneda":"1","valorCambio":"1","idRetGanancias":"","descripcion":"Resmas","netoGravado":"1000.00","netoNoGravado":"0.00","totalIVA":"210.00","IVA21":"210.00","IVA105":"0.00","IVA27":"0.00","percepcionIVA":"0.00","percepcionIIBB":"50.00","IIBBLocal":"Jujuy","percepcionIIBB1":"30.00","IIBBOtro":"Salta","percepcionIIBB2":"20.00","totalFactura":"1260.00","totalaplicado":"11.00","saldoaaplicar":"1249.00","idCondicionIva":"","nroFactura1":"0003","nroFactura2":"00004567"}"#;

const PAYOUT: &str = r#"{SESSION,"idEmpresa":"98","idPago":"","idProveedor":"91694","fechaPago":"16-08-2016","valorCambio":"0","totalpagado":11,"idEstadoPago":"Aprobado","totalFacturas":"0.00","anticipo":"0.00","descuentos":"0.00","intereses":"0.00","idRetGanancias1":"","baseCalculo1":"0.00","retGanancias1":"0.00","retemitidas":[],"retencionIIBB":"0.00","nroPago1":"","nroPago2":"","recordsToInsertUpdate":"[{\"idFactura\":\"4017\",\"importe\":\"11.00\"}]","recordsToInsertUpdate1":[{"idMedioPago":"Efectivo","idPlanCuenta":"Caja","nroCheque":"","fechaValidez":"","importe":"11.00","Conciliado":""}],"descripcion":"A cuenta de las resmas","IdTransaccion":"contable-000017"}"#;

/// As the page prints it.
const FOUND_PAYOUT: &str = r#"{"success":true,"message":"Se obtuvo el detalle pago del PAGO con exito","data":{"idEmpresa":"98","idPago":"928","idProveedor":"91694","fechaPago":"16/08/2016","valorCambio":"0","totalpagado":"11.00","retencionIIBB":"0.00","idEstadoPago":"Aprobado","anticipo":"0.00","totalFacturas":"0.00","descuentos":"0.00","intereses":"0.00","retGanancias1":"0.00","retGanancias2":"0.00","idRetGanancias1":"0","idRetGanancias2":"0","nroPago":"0001-00000288","baseCalculo1":"0.00","baseCalculo2":"0.00","descripcion":"Pago de prueba","retencionesRenta":"0.00","retencionesRentaLabel":"0.00","nroPago1":"0001","nroPago2":"00000288","totalapagar":0,"totalaplicado":0,"aplicadoAEstePago":0}}"#;

impl Sample {
    /// The whole body that is sent.
    pub(super) fn request(&self) -> String {
        let Self { provision, operation, .. } = self;
        let parameters = self.parameters.replace("SESSION", SESSION);
        format!(
            r#"{{"auth":{{"usuario":"USUARIO_DESARROLLADOR","password":"PASSWORD_DESARROLLADOR"}},"service":{{"provision":"{provision}","operacion":"{operation}"}},"parameters":{parameters}}}"#
        )
    }

    /// `response` as it is printed.
    pub(super) fn response(&self) -> String {
        let printed = self.printed.replace("COMPANY", COMPANY).replace("SUPPLIER", SUPPLIER);
        printed.replace("INVOICE", INVOICE)
    }
}

fn service(provision: &str, operation: &str, version: &str) -> String {
    format!(
        r#""service":{{"provision":"{provision}","operacion":"{operation}",{version}"response_date":"2016-08-18 12:39:29"}}"#
    )
}

#[test]
fn every_operation_has_a_sample_that_reads_as_printed() {
    let samples = samples();
    let shown: Vec<_> = samples.iter().map(|one| (one.provision, one.operation)).collect();
    let known: Vec<_> = OPERATIONS.iter().map(|one| (one.provision, one.name)).collect();
    assert_eq!(shown, known);
    for sample in &samples {
        let service = service(sample.provision, sample.operation, r#""version":"1_0_0_0","#);
        let response = sample.response();
        let printed = format!(
            r#"{{{service},"result":{{"estado":0,"mensaje":"La operación se realizó correctamente"}},"response":{response}}}"#
        );
        assert_eq!(str::from_utf8(&sample.answer).unwrap(), printed);
    }
}

#[test]
fn every_sample_request_can_be_read() {
    for sample in samples() {
        let body = sample.request();
        let heard = Heard::from_body(body.as_bytes());
        assert!(heard.request.is_ok(), "{body}");
        let found = operations::find(&heard.called).unwrap();
        assert_eq!((found.provision, found.name), (sample.provision, sample.operation));
    }
}

#[test]
fn a_failure_reads_as_the_spec_says() {
    let called = Called { provision: "Pago".into(), operation: "leer_pago".into() };
    for (problem, is_known, printed) in [
        (
            Problem::no_session(),
            true,
            r#""result":{"estado":1,"mensaje":"La sesion no es válida."},"response":null"#,
        ),
        (
            Problem::wrong_developer(),
            false,
            r#""result":{"estado":602,"mensaje":"La contraseña de usuario es incorrecta"},"response":null"#,
        ),
        (
            Problem::company_unknown(),
            true,
            r#""result":{"estado":0,"mensaje":"La operación se realizó correctamente"},"response":{"success":false,"message":"No se encontro la empresa."}"#,
        ),
    ] {
        let answer = match &problem {
            Problem::Stopped { state, message, .. } => {
                Envelope::stopped(&called, is_known, at(), *state, message).to_bytes()
            }
            Problem::Refused { message, .. } => {
                let refusal = wire::to_raw(&Told::refusal(message));
                Envelope::passed(&called, at(), &refusal).to_bytes()
            }
        };
        let version = if is_known { r#""version":"1_0_0_0","# } else { "" };
        let service = service("Pago", "leer_pago", version);
        assert_eq!(String::from_utf8(answer).unwrap(), format!("{{{service},{printed}}}"));
    }
}
