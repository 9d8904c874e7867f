//! What is told while a file is imported: on standard error, under a bar where that is a terminal,
//! and in the verdict file.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ventanilla_domain::{BillId, PaymentId};
use ventanilla_service::import::{LineVerdict, News, Phase, Subject, Verdict};

use super::report::to_sentence;
use super::verdicts::VerdictFile;
use crate::output;

/// Bad lines that are remembered at most, for `--json` and the summary of a file.
const BAD_MAX: usize = 1_000;

/// Hears the news of an import.
#[derive(Debug)]
pub(super) struct Listener<'v> {
    bar: ProgressBar,
    /// Whether each bad line is told on standard error.
    is_telling: bool,
    verdicts: Option<&'v mut VerdictFile>,
    phase: Option<Phase>,
    /// The first bad lines.
    pub(super) bad: Vec<Verdict>,
    /// The paid bills that the file would change, by line: the last word of each.
    pub(super) paid: BTreeMap<u64, (BillId, PaymentId)>,
}

impl<'v> Listener<'v> {
    pub(super) fn new(is_telling: bool, verdicts: Option<&'v mut VerdictFile>) -> Self {
        let bar = if is_telling { bar() } else { ProgressBar::hidden() };
        Self { bar, is_telling, verdicts, phase: None, bad: Vec::new(), paid: BTreeMap::new() }
    }

    /// Whether lines are being kept, or were.
    pub(super) fn is_keeping(&self) -> bool {
        self.phase == Some(Phase::Keeping)
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    pub(super) fn hear(&mut self, news: News<'_>) {
        let is_keeping = self.is_keeping();
        if let Some(verdicts) = &mut self.verdicts {
            verdicts.hear(&news, is_keeping);
        }
        match news {
            News::Progress { phase, bytes, bytes_total } => {
                if self.phase != Some(phase) {
                    self.begin(phase, bytes_total);
                }
                self.bar.set_position(bytes);
            }
            News::Refused(verdict) => self.refuse(verdict),
            News::Line { line, subject: Subject::Bill(bill), outcome } => {
                if let LineVerdict::Paid(payment) = outcome.verdict {
                    self.paid.insert(line, (bill, payment));
                } else if is_keeping {
                    self.paid.remove(&line);
                }
            }
            News::Line { .. } | News::Vanished { .. } | News::Stays { .. } => {}
        }
    }

    fn begin(&mut self, phase: Phase, bytes_total: u64) {
        self.phase = Some(phase);
        self.bar.reset();
        self.bar.set_length(bytes_total);
        self.bar.set_message(match phase {
            Phase::Checking => "Revisando",
            Phase::Keeping => "Guardando",
        });
    }

    fn refuse(&mut self, verdict: Verdict) {
        self.paid.remove(&verdict.line);
        if self.is_telling {
            self.bar.suspend(|| output::tell(to_sentence(&verdict)));
        }
        if self.bad.len() < BAD_MAX {
            self.bad.push(verdict);
        }
    }
}

fn bar() -> ProgressBar {
    let is_terminal = std::io::stderr().is_terminal();
    let target =
        if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {eta}");
    let bar = ProgressBar::with_draw_target(None, target);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
