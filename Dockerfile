# The executable in a small Debian. Make it first: npm run package
#   docker build -t filevault . && docker run -p 8080:8080 -v filevault:/data filevault
FROM debian:12-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl ffmpeg libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 filevault \
 && useradd --no-log-init --shell /usr/sbin/nologin --uid 10001 --gid filevault --home-dir /var/lib/filevault --create-home filevault \
 && install -d -o filevault -g filevault -m 700 /data /var/cache/filevault

COPY --chmod=755 dist/filevault /usr/local/bin/filevault

# Started once as the image is made: the libraries are unpacked then, and a container starts in the time of a restart.
USER filevault
ENV CACHE_DIRECTORY=/var/cache/filevault
RUN ["filevault", "--version"]

ENV FILEVAULT_VOLUME=/data FILEVAULT_LISTEN=0.0.0.0:8080
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/health"]
ENTRYPOINT ["filevault"]
CMD ["serve"]
