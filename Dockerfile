# docker build -t ventanilla .
# docker run --rm -v ventanilla:/var/lib/ventanilla ventanilla init
# docs/operations.md tells the rest.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --package ventanilla

FROM debian:bookworm-slim
# The same number wherever it runs, so that a volume can be given to it.
RUN groupadd --gid 10001 ventanilla \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/ventanilla \
      --shell /usr/sbin/nologin ventanilla \
    && install --directory --owner ventanilla --group ventanilla --mode 0700 /var/lib/ventanilla
COPY --from=build /src/target/release/ventanilla /usr/local/bin/ventanilla
USER ventanilla
WORKDIR /var/lib/ventanilla
VOLUME /var/lib/ventanilla
ENV VENTANILLA_DATA=/var/lib/ventanilla/datos \
    VENTANILLA_LISTEN=0.0.0.0:8080 \
    VENTANILLA_METRICS=127.0.0.1:9090
EXPOSE 8080
# What was accepted is finished within ten seconds of this.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/9090 && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["ventanilla"]
CMD ["serve"]
