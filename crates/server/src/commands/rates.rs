//! How often callers may ask, as it is configured.

use clap::Args;
use clap::builder::BoolishValueParser;
use ventanilla_api::Rates;

/// How often callers may ask, where it is not as built in; 0 is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub(crate) struct RateArgs {
    /// Solicitudes por segundo de una dirección, sin contar las de un recaudador ya conocido; 0 es sin límite
    #[arg(long, hide = true, value_name = "N", env = "VENTANILLA_ADDRESS_REQUESTS_PER_S", value_parser = from_rate)]
    pub(crate) address_requests_per_s: Option<u32>,
    /// Solicitudes seguidas que se admiten a una dirección tras un silencio
    #[arg(long, hide = true, value_name = "N", env = "VENTANILLA_ADDRESS_REQUESTS_BURST", value_parser = from_rate)]
    pub(crate) address_requests_burst: Option<u32>,
    /// Solicitudes por segundo de un recaudador, o de un desarrollador de Colppy; 0 es sin límite
    #[arg(long, hide = true, value_name = "N", env = "VENTANILLA_COLLECTOR_REQUESTS_PER_S", value_parser = from_rate)]
    pub(crate) collector_requests_per_s: Option<u32>,
    /// Solicitudes seguidas que se admiten a un recaudador tras un silencio
    #[arg(long, hide = true, value_name = "N", env = "VENTANILLA_COLLECTOR_REQUESTS_BURST", value_parser = from_rate)]
    pub(crate) collector_requests_burst: Option<u32>,
    /// Limita también a la propia máquina
    #[arg(
        long,
        hide = true,
        env = "VENTANILLA_LIMIT_LOOPBACK",
        num_args = 0..=1,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new()
    )]
    pub(crate) limit_loopback: Option<bool>,
}

impl RateArgs {
    /// These rates, else the file's, else those built in.
    pub(crate) fn to_rates(self, file: Self) -> Rates {
        let mut rates = Rates::default();
        for said in [file, self] {
            let Self {
                address_requests_per_s,
                address_requests_burst,
                collector_requests_per_s,
                collector_requests_burst,
                limit_loopback,
            } = said;
            for (rate, said) in [
                (&mut rates.address.per_second, address_requests_per_s),
                (&mut rates.address.burst, address_requests_burst),
                (&mut rates.collector.per_second, collector_requests_per_s),
                (&mut rates.collector.burst, collector_requests_burst),
            ] {
                *rate = said.unwrap_or(*rate);
            }
            rates.limits_loopback = limit_loopback.unwrap_or(rates.limits_loopback);
        }
        rates
    }
}

/// Takes a whole number from 0.
fn from_rate(text: &str) -> Result<u32, String> {
    let rate = text.parse::<u32>();
    rate.map_err(|_invalid| "se espera un número entero; 0 es sin límite".to_owned())
}
