"""Debian's WordPress with php-fpm, MariaDB and nginx, in a directory of the test's own."""

import glob
import os
import shutil
import subprocess

from . import nginx, ports, wait
from .site import Program

SOURCE = "/usr/share/wordpress"

NGINX = """
map $http_x_forwarded_proto $https_on {{ default ''; https on; }}
server {{
    listen 127.0.0.1:{port};
    root {root};
    index index.php;
    client_max_body_size 64m;
    location / {{ try_files $uri $uri/ /index.php?$args; }}
    location ~ \\.php$ {{
        include /etc/nginx/fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_param HTTPS $https_on if_not_empty;
        fastcgi_pass unix:{socket};
        fastcgi_read_timeout 120s;
    }}
}}
"""

FPM = """
[global]
error_log = {directory}/fpm.log
daemonize = no
[www]
{user}
listen = {directory}/fpm.sock
listen.mode = 0666
pm = static
pm.max_children = 3
catch_workers_output = yes
php_admin_value[sendmail_path] = {directory}/sendmail
php_admin_value[upload_max_filesize] = 64M
php_admin_value[post_max_size] = 64M
php_admin_value[memory_limit] = 256M
php_admin_value[max_execution_time] = 120
"""

CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:%s'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
foreach (array('AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT',
               'LOGGED_IN_SALT', 'NONCE_SALT') as $key) define($key, 'test ' . $key);
$table_prefix = 'wp_';
define('WP_DEBUG', false); define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""


def fpm():
    """The program of the installed version of PHP."""
    return (sorted(glob.glob("/usr/sbin/php-fpm[0-9]*")) or ["/usr/sbin/php-fpm8.2"])[-1]


class WordPress:
    """`port` is where the application listens, as a container would."""

    def __init__(self, directory):
        self.directory = str(directory)
        self.running = []
        os.makedirs(self.directory, exist_ok=True)
        os.chmod(self.directory, 0o755)
        try:
            self._database()
            self._files()
            self._serve()
        except BaseException:
            self.stop()
            raise

    def _database(self):
        data = os.path.join(self.directory, "mysql")
        subprocess.run(
            ["mariadb-install-db", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db", "--user=root"],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        # A socket's path is short.
        self.socket = os.path.join(self.directory, "db")
        command = [
            "mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={self.socket}", "--skip-networking", "--user=root",
            f"--pid-file={self.directory}/db.pid", "--innodb-buffer-pool-size=32M",
        ]  # fmt: skip

        def ready():
            return subprocess.run(["mariadb-admin", f"--socket={self.socket}", "--user=root", "ping"], capture_output=True).returncode == 0

        self.running.append(Program(self.directory, "mariadb", command, ready=ready))
        subprocess.run(["mariadb", f"--socket={self.socket}", "--user=root", "--execute=CREATE DATABASE wordpress"], check=True)

    def _files(self):
        self.root = os.path.join(self.directory, "site")
        # Debian's folder has links into other packages.
        shutil.copytree(SOURCE, self.root, symlinks=False, ignore_dangling_symlinks=True)
        os.makedirs(os.path.join(self.root, "wp-content/uploads"), exist_ok=True)
        with open(os.path.join(self.root, "wp-config.php"), "w") as file:
            file.write(CONFIG % self.socket)
        sendmail = os.path.join(self.directory, "sendmail")
        with open(sendmail, "w") as file:
            file.write(f"#!/bin/sh\nexec cat >>{self.directory}/mails\n")
        os.chmod(sendmail, 0o755)

    def _serve(self):
        user = "user = root\ngroup = root" if os.geteuid() == 0 else ""
        config = os.path.join(self.directory, "fpm.conf")
        with open(config, "w") as file:
            file.write(FPM.format(directory=self.directory, user=user))
        command = [fpm(), "--nodaemonize", "--fpm-config", config] + (["--allow-to-run-as-root"] if user else [])
        socket = os.path.join(self.directory, "fpm.sock")
        self.running.append(Program(self.directory, "fpm", command, ready=lambda: wait.accepts(socket)))
        self.port = ports.free()
        text = NGINX.format(port=self.port, root=self.root, socket=socket)
        self.running.append(nginx.Nginx(os.path.join(self.directory, "nginx-app"), text, self.port))

    def mails(self):
        try:
            with open(os.path.join(self.directory, "mails")) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def stop(self):
        for one in reversed(self.running):
            one.stop()
