# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Shared by the scripts of this directory: messages, architectures, the cache, apt.

set -euo pipefail
export LC_ALL=C.UTF-8

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck disable=SC2034 # for the scripts that include this
build="$checkout/tools/build"
cache="${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/ipe-rs"
suite=trixie
# shellcheck disable=SC2034
offline="Is there a network? Another mirror is named with MIRROR=http://host/debian."
[ -z "${IPE_INSIDE:-}" ] || cache=/cache

say() { printf '[%4d s] %s\n' "$SECONDS" "$*" >&2; }

die() {
	printf 'error: %s\n' "$1" >&2
	shift
	[ $# -eq 0 ] || printf '       %s\n' "$@" >&2
	exit 1
}

# architecture NAME: the kernel's name of an architecture.
architecture() {
	case $1 in
	x86_64 | x86 | amd64) echo x86_64 ;;
	arm64 | aarch64) echo arm64 ;;
	*) die "the architecture $1 is not supported" "Those that are: ARCH=x86_64, ARCH=arm64." ;;
	esac
}

# The architecture of this machine, and that of kernels and guests.
host=$(architecture "$(uname -m)")
arch=$(architecture "${ARCH:-$host}")

# Debian's name of an architecture, and that of its libraries' directory.
declare -A debian=([x86_64]=amd64 [arm64]=arm64)
declare -A triple=([x86_64]=x86_64-linux-gnu [arm64]=aarch64-linux-gnu)

# The file that a boot loader starts, in the directory of a kernel.
declare -A image_of=([x86_64]=arch/x86/boot/bzImage [arm64]=arch/arm64/boot/Image)
# shellcheck disable=SC2034
image=${image_of[$arch]}

# The system that guests have their programs and libraries from, and the compiler of their
# programs, as paths inside the build root. Another architecture has a directory (`sysroot`).
sysroot='' guest_cc=gcc
if [ "$arch" != "$host" ]; then
	sysroot="/cache/sysroot/$arch"
	# shellcheck disable=SC2034
	guest_cc="${triple[$arch]}-gcc --sysroot=$sysroot"
fi

# only_for ARCHITECTURE WHAT: stops if guests have another architecture.
only_for() { [ "$arch" = "$1" ] || die "$2: only for ARCH=$1"; }

# At the end of names in the cache.
suffix=''
# shellcheck disable=SC2034
[ "$arch" = x86_64 ] || suffix=-$arch

# inside FILE: the path, inside the build root, of a file of the host.
inside() {
	local file
	file=$(realpath -- "$1") || die "no such file: $1"
	case $file in
	/tmp/* | /src/*) echo "$file" ;;
	"$cache"/*) echo "/cache${file#"$cache"}" ;;
	"$checkout"/*) echo "/src/ipe${file#"$checkout"}" ;;
	*) die "$file is neither in the checkout, nor in the cache, nor in /tmp" ;;
	esac
}

# need TOOL PACKAGE: stops with a clear message if a tool is missing.
need() {
	command -v "$1" >/dev/null ||
		die "'$1' is missing" "On Debian it comes with the package '$2'."
}

# room GIB: stops if the cache's disk has less than that left.
room() {
	mkdir -p "$cache" || die "cannot create the cache $cache"
	local free
	free=$(df -Pk "$cache" | awk 'NR == 2 { print int($4 / 1048576) }')
	[ "$free" -ge "$1" ] ||
		die "the disk of $cache has ${free} GiB left, this step needs $1" \
			"Make room, or name another directory with XDG_CACHE_HOME=."
}

# lock NAME: lets one process continue at a time. The lock ends with this process.
lock() {
	local fd
	mkdir -p "$cache/lock"
	exec {fd}>"$cache/lock/$1"
	flock -n "$fd" && return
	say "waiting for another process that holds $1"
	flock "$fd"
}

# step TEXT LOG COMMAND...: runs a long command; its output goes to LOG. Reports progress
# every ten seconds. On failure shows the errors in the log, and the variable `hint`, if
# it is set.
step() {
	local text=$1 log=$2 pid start=$SECONDS tick=0
	shift 2
	mkdir -p "$(dirname "$log")"
	say "$text"
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		tick=$((tick + 1))
		[ $((tick % 50)) -ne 0 ] ||
			say "  $text: $((SECONDS - start)) s, $(wc -l <"$log") steps"
	done
	if ! wait "$pid"; then
		tail -n 30 "$log" >&2
		printf '%s\n' '--- lines with errors:' >&2
		grep -a -E -A 8 '(^| )(error|ERROR|FAILED)|:[0-9]+: .*[Ee]rror|\*\*\*' "$log" | head -n 40 >&2 || true
		die "failed: $text" "The whole log: $log" ${hint:+"$hint"}
	fi
	say "$text: done in $((SECONDS - start)) s"
}

# The mirror: the user's choice, else that of this machine's apt.
mirror() {
	local uri list
	if [ -n "${MIRROR:-}" ]; then
		echo "$MIRROR"
		return
	fi
	while read -r uri; do
		case $uri in
		mirror+file:*)
			list=/${uri#mirror+file:}
			uri=$(awk '$1 ~ /\/debian\/?$/ { print $1; exit }' "$list" 2>/dev/null)
			;;
		esac
		case $uri in
		*/debian | */debian/)
			echo "${uri%/}"
			return
			;;
		esac
	done < <(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		/etc/apt/sources.list.d/*.sources 2>/dev/null | awk '
			/^deb[ \t]/ { sub(/\[[^]]*\]/, ""); print $2 }
			/^URIs:/ { for (i = 2; i <= NF; i++) print $i }')
	die "found no Debian mirror in the apt configuration of this machine" \
		"Name one: MIRROR=http://host/debian make ..."
}

# The architecture of packages, and the state of the private apt for it.
packages_for() {
	packages_arch=${debian[$1]}
	apt_state="$cache/apt"
	[ "$1" = "$host" ] || apt_state+="-$1"
}
packages_for "$host"

# private_apt PROGRAM ARGUMENT...: apt with its own state, so that it needs neither root
# nor the machine's package database.
private_apt() {
	local program=$1
	shift
	APT_CONFIG="$apt_state/apt.conf" "$program" "$@"
}

# apt_update: updates the lists of the private apt, once an hour at most.
apt_update() {
	local apt="$apt_state" keyring=/usr/share/keyrings/debian-archive-keyring.gpg uri
	need apt-get apt
	need dpkg-deb dpkg
	[ -r "$keyring" ] || die "$keyring is missing" \
		"On Debian it comes with the package 'debian-archive-keyring'."
	uri=$(mirror)
	lock "${apt##*/}"
	mkdir -p "$apt/empty" "$apt/state/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$uri" "$suite" \
		"$keyring" "$uri" "$suite-backports" >"$apt/sources.list.new"
	{
		apt-config dump | grep -E '^Acquire::(http|https|ftp|Retries)' || true
		cat <<-CONF
			Dir::State "$apt/state";
			Dir::State::status "$apt/status";
			Dir::Cache "$apt/cache";
			Dir::Etc::sourcelist "$apt/sources.list";
			Dir::Etc::sourceparts "$apt/empty";
			Dir::Etc::main "/dev/null";
			Dir::Etc::parts "$apt/empty";
			Dir::Etc::preferences "/dev/null";
			Dir::Etc::preferencesparts "$apt/empty";
			APT::Architecture "$packages_arch";
			APT::Architectures "$packages_arch";
			APT::Install-Recommends "false";
			APT::Sandbox::User "";
			Acquire::Languages "none";
			Acquire::Retries "3";
			Binary::apt-get::APT::Keep-Downloaded-Packages "true";
		CONF
	} >"$apt/apt.conf"
	if cmp -s "$apt/sources.list.new" "$apt/sources.list" &&
		[ -n "$(find "$apt/updated" -mmin -60 2>/dev/null)" ]; then
		return
	fi
	mv "$apt/sources.list.new" "$apt/sources.list"
	hint=$offline step "package lists of $suite, $packages_arch" "$cache/log/apt-update" \
		private_apt apt-get -o APT::Update::Error-Mode=any update
	touch "$apt/updated"
}

# unpack_packages DIRECTORY NAME PACKAGE...: unpacks Debian packages and their dependencies
# into a new DIRECTORY, without running their scripts. NAME is for messages. Leaves the
# choice of apt in the array `chosen`, as package_version_.
unpack_packages() {
	local directory=$1 name=$2 archives="$apt_state/cache/archives" files=() package
	shift 2
	need xargs findutils
	need flock util-linux
	apt_update
	lock packages

	hint=$offline step "download of the packages of $name" "$cache/log/$name-download" \
		private_apt apt-get -y --no-install-recommends --download-only install "$@"
	# With versions, to know which of the archives to unpack.
	mapfile -t chosen < <(private_apt apt-get -y --no-install-recommends -s install "$@" |
		awk '/^Inst / { gsub(/[(]/, "", $3); v = $3; gsub(/:/, "%3a", v); print $2 "_" v "_" }')
	[ "${#chosen[@]}" -ge $# ] || die "apt chose only ${#chosen[@]} packages" \
		"See $cache/log/$name-download."
	for package in "${chosen[@]}"; do
		files+=("$archives/$package"*.deb)
	done

	rm -rf "$directory"
	mkdir -p "$directory"
	# shellcheck disable=SC2016,SC2317 # for the inner shell; called by step
	unpack() {
		# The links of the merged /usr come first.
		dpkg-deb -x "$archives"/base-files_*.deb "$directory"
		printf '%s\0' "${files[@]}" |
			xargs -0 -n 1 -P "$(nproc)" sh -c 'echo "${2##*/}"; exec dpkg-deb -x "$2" "$1"' sh "$directory"
	}
	step "unpacking ${#chosen[@]} packages" "$cache/log/$name-unpack" unpack
	rm -f "$archives"/*.deb
}

# listed LIST: the packages of a list, one a line. Those that only one architecture has are
# followed by its name in brackets, as in [amd64].
listed() {
	sed -e 's/#.*//' "$1" | awk -v only="[$packages_arch]" 'NF == 1 || $2 == only { print $1 }'
}

# unpack_list LIST DIRECTORY NAME: unpacks the packages that a file lists, unless they are
# there already. DIRECTORY.packages has their names and versions.
unpack_list() {
	local list=$1 directory=$2 name=$3 packages key
	key=$({ echo "$suite"; cat "$list"; } | sha256sum)
	[ "$(cat "$directory.made-from" 2>/dev/null)" != "$key" ] || return 0
	room 2
	rm -f "$directory.made-from"
	mapfile -t packages < <(listed "$list")
	unpack_packages "$directory" "$name" "${packages[@]}"
	printf '%s\n' "${chosen[@]}" | sort >"$directory.packages"
	echo "$key" >"$directory.made-from"
}

# extra_root NAME GIB PACKAGE...: makes a Debian system beside the build root, for one target
# that needs packages which the others do not; prints its path. GIB is the room that it takes.
extra_root() {
	local name=$1 gib=$2 key root tmp
	shift 2
	key=$({ echo "$suite"; printf '%s\n' "$@"; } | sha256sum | cut -c1-12)
	root="$cache/root/$name-$key" tmp="$cache/root/$name.tmp"
	[ -e "$root/.complete" ] || {
		room "$gib"
		lock "root-$name"
	}
	if [ -e "$root/.complete" ]; then
		echo "$root"
		return
	fi
	unpack_packages "$tmp" "$name" "$@"
	# Maintainer scripts do not run: what they would have made.
	[ -e "$tmp/usr/bin/sh" ] || ln -s dash "$tmp/usr/bin/sh"
	# Where tools/build/enter binds.
	mkdir -p "$tmp"/{proc,sys,dev,tmp,build,cache,keys,src/ipe,src/linux,etc/ssl/certs}
	touch "$tmp"/etc/{resolv.conf,hosts,ssl/certs/ca-certificates.crt}
	touch "$tmp/.complete"
	rm -rf "$root"
	mv "$tmp" "$root"
	say "root of $name: $root"
	echo "$root"
}
