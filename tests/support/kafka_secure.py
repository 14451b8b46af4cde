"""A real broker whose clients come over TLS and say who they are (SASL/SCRAM); its own traffic stays on a plain listener of loopback."""
import pathlib
import subprocess

import kafka

USER, PASSWORD = "voc", "scram-hunter2-5512"


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_authority(folder, name):
    """A certificate that vouches for others, and its key: NAME.pem, NAME.key."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem")


def make_keystore(folder, authority):
    """The broker's key and certificate for 127.0.0.1, as Kafka wants them in one PEM file."""
    names = folder / "names"
    names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost", "-keyout", folder / "broker.key", "-out", folder / "broker.csr")
    openssl("x509", "-req", "-in", folder / "broker.csr", "-CA", folder / f"{authority}.pem", "-CAkey", folder / f"{authority}.key", "-CAcreateserial", "-days", "2",
            "-extfile", names, "-out", folder / "broker.crt")
    store = folder / "broker.pem"
    store.write_text((folder / "broker.key").read_text() + (folder / "broker.crt").read_text())
    return store


class SecureKafka(kafka.Kafka):
    """`bootstrap` is the plain listener (for the test's own eyes), `secure` the one that services use."""

    def __init__(self, folder):
        super().__init__(folder)
        self.secure = f"127.0.0.1:{kafka.free_port()}"

    def start(self, timeout=90):
        self.folder = pathlib.Path(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        for authority in ("authority", "stranger"):
            make_authority(self.folder, authority)
        store = make_keystore(self.folder, "authority")
        text = (kafka.HERE / "server.properties.in").read_text()
        for name, value in (("PORT", self.port), ("CONTROLLER_PORT", kafka.free_port()), ("DATA", self.folder / "data")):
            text = text.replace(f"@{name}@", str(value))
        lines = []
        for line in text.splitlines():
            if line.startswith(("listeners=", "advertised.listeners=")):
                line += f",SECURE://{self.secure}"
            elif line.startswith("listener.security.protocol.map="):
                line += ",SECURE:SASL_SSL"
            lines.append(line)
        lines += ["sasl.enabled.mechanisms=SCRAM-SHA-512", "listener.name.secure.ssl.keystore.type=PEM", f"listener.name.secure.ssl.keystore.location={store}",
                  "listener.name.secure.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;"]
        properties = self.folder / "server.properties"
        properties.write_text("\n".join(lines) + "\n")
        self.java("kafka.tools.StorageTool", "format", "--standalone", "-t", kafka.CLUSTER_ID, "-c", properties, wait=True)
        super().start(timeout)
        self.java("kafka.admin.ConfigCommand", "--bootstrap-server", self.bootstrap, "--alter", "--entity-type", "users", "--entity-name", USER,
                  "--add-config", f"SCRAM-SHA-512=[password={PASSWORD}]", wait=True)
        return self

    def environment(self, password_file, authority="authority"):
        """What a service is given."""
        return {"VOC_KAFKA_BOOTSTRAP": self.secure, "VOC_KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "VOC_KAFKA_SSL_CA_LOCATION": str(self.folder / f"{authority}.pem"),
                "VOC_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512", "VOC_KAFKA_SASL_USERNAME": USER, "VOC_KAFKA_SASL_PASSWORD_FILE": str(password_file)}
