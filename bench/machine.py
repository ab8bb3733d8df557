"""What the numbers were measured on."""
import os
import pathlib
import platform
import re
import subprocess

from harness import servers


def describe(nats_version):
    """Prints the machine, the versions and how busy the machine is already."""
    print(f'machine   {cpu_model()}, {os.cpu_count()} cores, {memory_gib():.0f} GiB RAM, {platform.release()}, '
          f'/tmp on {file_system("/tmp")}')
    print(f'versions  {first_line(servers.postgres_bin(servers.DEBIAN_POSTGRES) / "postgres", "--version")}; '
          f'{first_line(servers.nats_server(nats_version), "--version")}; '
          f'{first_line("gcc", "--version")}; {distribution()}')
    load = os.getloadavg()[0]
    print(f'load      {load:.2f} before the start{" (busy: expect worse numbers)" if load > 0.5 else ""}', flush=True)


def cpu_model():
    match = re.search(r'^(?:model name|Model)\s*:\s*(.+)$', pathlib.Path('/proc/cpuinfo').read_text(), re.MULTILINE)
    return match.group(1) if match else platform.machine()


def memory_gib():
    return os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30


def file_system(path):
    return first_line('stat', '-f', '-c', '%T', path)


def distribution():
    return platform.freedesktop_os_release().get('PRETTY_NAME', 'unknown system')


def first_line(*argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    return done.stdout.splitlines()[0]
