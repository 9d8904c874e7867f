//! What a backup holds, for people and for programs.

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use ventanilla_store::{Manifest, Verification, to_hex};

use super::len_of;
use crate::commands::verify::to_compared;

/// What a backup holds.
#[derive(Debug)]
pub(crate) struct Found {
    file: String,
    is_sealed: bool,
    bytes: u64,
    made_at: Timestamp,
    version: String,
    verification: Verification,
}

/// The same, as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Shown<'f> {
    archivo: &'f str,
    cifrado: bool,
    bytes: u64,
    fecha: String,
    version: &'f str,
    asientos: u64,
    pagos: u64,
    pagos_proveedores: u64,
    empresas: Vec<ShownHead>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownHead {
    empresa: i64,
    ultimo_asiento: i64,
    eslabon: String,
}

impl Found {
    pub(super) fn of(
        file: &Path,
        is_sealed: bool,
        manifest: &Manifest,
        verification: &Verification,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            file: file.display().to_string(),
            is_sealed,
            bytes: len_of(file)?,
            made_at: manifest.made_at,
            version: manifest.version.clone(),
            verification: verification.clone(),
        })
    }

    pub(super) fn to_lines(&self) -> Vec<String> {
        let form = if self.is_sealed { "cifrado" } else { "sin cifrar" };
        let first = format!(
            "{}: respaldo del {}, {form}, {}; revisado: {}",
            self.file,
            to_instant(self.made_at),
            to_size(self.bytes),
            to_counts(&self.verification)
        );
        let heads = self.verification.heads.iter().map(|head| {
            let chain = to_hex(&head.chain);
            format!("empresa {}: último asiento {}, eslabón {chain}", head.company, head.entries)
        });
        std::iter::once(first).chain(heads).collect()
    }

    pub(super) fn to_json(&self) -> Shown<'_> {
        let heads = self.verification.heads.iter();
        Shown {
            archivo: &self.file,
            cifrado: self.is_sealed,
            bytes: self.bytes,
            fecha: to_instant(self.made_at),
            version: &self.version,
            asientos: self.verification.entries,
            pagos: self.verification.payments,
            pagos_proveedores: self.verification.payouts,
            empresas: heads
                .map(|head| ShownHead {
                    empresa: head.company.to_i64(),
                    ultimo_asiento: head.entries,
                    eslabon: to_hex(&head.chain),
                })
                .collect(),
        }
    }
}

/// How much was compared.
pub(crate) fn to_counts(verification: &Verification) -> String {
    let Verification { entries, payments, payouts, .. } = verification;
    to_compared(*entries, *payments, *payouts)
}

/// An instant of no company's time, to the second.
pub(crate) fn to_instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn to_size(bytes: u64) -> String {
    if bytes < 1 << 20 {
        format!("{} KB", bytes.div_ceil(1 << 10))
    } else {
        format!("{} MB", bytes >> 20)
    }
}
