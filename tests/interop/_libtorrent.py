"""A client of libtorrent that stays on loopback: `get SOURCE FOLDER` ends when all is there, `seed TORRENT FOLDER PORT` runs on."""
import sys
import time

import libtorrent

mode, source, folder = sys.argv[1:4]
port = int(sys.argv[4]) if len(sys.argv) > 4 else 0
session = libtorrent.session({
    "listen_interfaces": f"127.0.0.1:{port}",
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "allow_multiple_connections_per_ip": True,
    "connection_speed": 200,
    # Our peers have no uTP, and it tries that for 4 s before TCP.
    "enable_outgoing_utp": False,
    "enable_incoming_utp": False,
    "out_enc_policy": 2 if "plain" in sys.argv[5:] else 1,
    "in_enc_policy": 1,
    "alert_mask": 0x7FFFFFFF if "debug" in sys.argv[5:] else 0,
})
if source.startswith("magnet:"):
    parameters = libtorrent.parse_magnet_uri(source)
else:
    parameters = libtorrent.add_torrent_params()
    parameters.ti = libtorrent.torrent_info(source)
parameters.save_path = folder
torrent = session.add_torrent(parameters)
while True:
    status = torrent.status()
    for alert in session.pop_alerts():
        print(alert, file=sys.stderr)
    if status.errc.value() != 0:
        sys.exit(f"error: {status.errc.message()}")
    if status.is_seeding:
        print("complete", flush=True)
        if mode == "get":
            break
        mode = "seeding"
        while True:
            time.sleep(60)
    time.sleep(0.05)
