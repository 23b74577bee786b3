//! The process, with the names that Prometheus' own client libraries use.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use std::fmt;

/// Reads the figures at each request. Only Linux has them.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    #[cfg(not(target_os = "linux"))]
    fn encode(&self, _: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        Ok(())
    }

    #[cfg(target_os = "linux")]
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        match linux::Figures::read() {
            Ok(figures) => figures.encode(encoder),
            Err(error) => {
                tracing::debug!(%error, "the figures of the process cannot be read");
                Ok(())
            }
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::{DescriptorEncoder, fmt};
    use procfs::process::{LimitValue, Process};
    use procfs::{ProcResult, WithCurrentSystemInfo, boot_time_secs, ticks_per_second};
    use prometheus_client::encoding::EncodeMetric;
    use prometheus_client::metrics::MetricType;
    use prometheus_client::metrics::counter::ConstCounter;
    use prometheus_client::metrics::gauge::ConstGauge;

    pub(super) struct Figures {
        cpu_seconds: f64,
        started: f64,
        resident: u64,
        virtual_memory: u64,
        threads: i64,
        descriptors: usize,
        /// `None` if there is no limit.
        max_descriptors: Option<u64>,
    }

    impl Figures {
        pub(super) fn read() -> ProcResult<Self> {
            let process = Process::myself()?;
            let stat = process.stat()?;
            let ticks = ticks_per_second() as f64;
            let max_descriptors = match process.limits()?.max_open_files.soft_limit {
                LimitValue::Value(limit) => Some(limit),
                LimitValue::Unlimited => None,
            };
            Ok(Self {
                cpu_seconds: (stat.utime + stat.stime) as f64 / ticks,
                started: boot_time_secs()? as f64 + stat.starttime as f64 / ticks,
                resident: stat.rss_bytes().get(),
                virtual_memory: stat.vsize,
                threads: stat.num_threads,
                descriptors: process.fd_count()?,
                max_descriptors,
            })
        }

        pub(super) fn encode(self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
            let help = "User and system processor time of the process";
            let cpu = encoder.encode_descriptor("process_cpu_seconds", help, None, MetricType::Counter)?;
            ConstCounter::new(self.cpu_seconds).encode(cpu)?;
            let gauges = [
                ("process_start_time_seconds", "When the process started, in Unix time", self.started),
                ("process_resident_memory_bytes", "Memory of the process", self.resident as f64),
                ("process_virtual_memory_bytes", "Address space of the process", self.virtual_memory as f64),
                ("process_threads", "Threads of the process", self.threads as f64),
                ("process_open_fds", "Open file descriptors", self.descriptors as f64),
            ];
            let limit = self
                .max_descriptors
                .map(|limit| ("process_max_fds", "How many file descriptors the process may open", limit as f64));
            for (name, help, value) in gauges.into_iter().chain(limit) {
                ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
            }
            Ok(())
        }
    }
}
