// SPDX-License-Identifier: GPL-2.0-only

//! Layers of overlays, as mountinfo describes them.

use super::*;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

const MOUNTS: &[u8] = b"\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:40 / /srv/box ro,relatime shared:9 - overlay overlay ro,lowerdir=/run/base:/run/with\\040space,upperdir=/var/up,workdir=/var/work
31 22 0:41 /usr /opt/bound ro - overlay overlay ro,lowerdir=/run/a\\134:b::/run/data
32 30 0:42 / /srv/box/tmp rw - tmpfs tmpfs rw
34 22 0:44 / /srv/relative rw - overlay overlay rw,lowerdir=base,upperdir=/up,workdir=/work
33 22 0:43 / /srv/new rw - overlay overlay rw,lowerdir+=/one,lowerdir+=/two,datadir+=/three
";

/// What systemd-sysext mounts.
const MERGED: &[u8] = b"\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
35 22 254:7 / /usr ro - erofs /dev/mapper/usr ro
36 35 0:45 / /usr ro - overlay sysext ro,lowerdir=/run/systemd/sysext/meta/usr:/run/systemd/sysext/extensions/tools/usr:/usr
37 22 0:46 / /opt ro - overlay sysext ro,lowerdir=/run/systemd/sysext/meta/opt:/opt
38 22 0:47 / /srv ro - overlay overlay ro,lowerdir=/a:/srv
39 38 0:48 / /srv ro - overlay overlay ro,lowerdir=/b:/srv
";

fn found(file: &str) -> Option<(Vec<String>, String)> {
    let mounts = Mount::parse_all(MOUNTS);
    let overlay = Overlay::of(&mounts, Path::new(file))?;
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let layers = overlay.layers.into_iter().map(text).collect();
    Some((layers, text(overlay.below)))
}

#[test]
fn layers_are_found_from_the_upper_one_down() {
    for (file, layers, below) in [
        (
            "/srv/box/usr/bin/tool",
            &["/var/up", "/run/base", "/run/with space"][..],
            "/usr/bin/tool",
        ),
        ("/opt/bound/bin/x", &["/run/a:b", "/run/data"], "/usr/bin/x"),
        ("/srv/new/x", &["/one", "/two", "/three"], "/x"),
    ] {
        let layers = layers.iter().map(|layer| layer.to_string()).collect();
        assert_eq!(found(file), Some((layers, below.to_owned())), "{file}");
    }
}

/// What a composefs may look like, and what is said of its image.
const COMPOSED: &[u8] = b"\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
50 22 0:50 / /good ro - overlay composefs ro,lowerdir=/image::/data::/more,redirect_dir=on,metacopy=on,verity=require
51 22 0:51 / /added ro - overlay composefs ro,lowerdir+=/image,datadir+=/data,verity=require
52 22 0:52 / /upper rw - overlay composefs rw,lowerdir=/image::/data,upperdir=/up,workdir=/work,verity=require
53 22 0:53 / /lax ro - overlay composefs ro,lowerdir=/image::/data,metacopy=on
54 22 0:54 / /on ro - overlay composefs ro,lowerdir=/image::/data,verity=on
55 22 0:55 / /two ro - overlay composefs ro,lowerdir=/base:/image::/data,verity=require
";

#[test]
fn image_of_a_composefs_counts_as_for_the_kernel() {
    let mounts = Mount::parse_all(COMPOSED);
    for (file, expected) in [
        ("/good/x", Ok("/image")),
        ("/added/x", Ok("/image")),
        ("/upper/x", Err("upper layer")),
        ("/lax/x", Err("verity=require")),
        ("/on/x", Err("verity=require")),
        ("/two/x", Err("one layer with metadata")),
    ] {
        let overlay = Overlay::of(&mounts, Path::new(file)).unwrap();
        assert!(overlay.data > 0, "{file}");
        match (overlay.image(), expected) {
            (Ok(found), Ok(layer)) => assert_eq!(found, Path::new(layer), "{file}"),
            (Err(found), Err(reason)) => assert!(found.contains(reason), "{file}: {found}"),
            (found, _) => panic!("{file}: {found:?}"),
        }
    }
}

#[test]
fn relative_layer_is_not_guessed() {
    assert_eq!(found("/srv/relative/x"), None);
}

#[test]
fn file_of_another_file_system_has_no_layers() {
    for file in ["/usr/bin/tool", "/srv/box/tmp/tool", "/srv/boxes/tool"] {
        assert_eq!(found(file), None, "{file}");
    }
}

#[test]
fn hidden_file_system_is_the_one_below() {
    let mounts = Mount::parse_all(MERGED);
    let device = |file: &str| {
        let overlay = Overlay::of(&mounts, Path::new(file)).unwrap();
        assert_eq!(overlay.layers.last(), Some(&overlay.mount.point));
        match hidden(&mounts, &overlay)? {
            Place::Device(device, name) => Some((device, name)),
            Place::File(..) | Place::Composefs(_) => None,
        }
    };
    let at = |minor, point: &str| {
        Some((
            libc::makedev(254, minor),
            format!("the file system at {point}"),
        ))
    };
    assert_eq!(device("/usr/bin/tool"), at(7, "/usr"));
    assert_eq!(device("/opt/tool"), at(0, "/"));
    // Of an overlay on an overlay, nothing is said.
    assert_eq!(device("/srv/tool"), None);
}

#[test]
fn extension_is_known_by_the_place_of_its_layer() {
    let found = |layer: &str| match extension(Path::new(layer))? {
        Extension::Nothing => Some(("", "")),
        Extension::Of(name, kind) => {
            let names = ["tools", "my.tools"];
            let name = names.into_iter().find(|known| *known == name).unwrap();
            Some((name, kind.releases))
        }
    };
    for (layer, expected) in [
        ("/run/systemd/sysext/meta/usr", Some(("", ""))),
        (
            "/run/systemd/sysext/extensions/tools/usr",
            Some(("tools", "/usr/lib/extension-release.d")),
        ),
        (
            "/run/systemd/confext/extensions/my.tools/etc",
            Some(("my.tools", "/etc/extension-release.d")),
        ),
        ("/run/systemd/sysext/overlay/usr", None),
        ("/run/systemd/sysext", None),
        ("/run/systemd/extensions/tools/usr", None),
    ] {
        assert_eq!(found(layer), expected, "{layer}");
    }
}

/// Devices as sysfs shows them: of each loop device its file, and the dm-verity volumes on it or on a
/// partition of it.
fn devices(loops: &[(&str, &str, &[&str])]) -> TempDir {
    let directory = TempDir::new().unwrap();
    let write = |path: &str, text: &str| {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("vda/dev", "254:0\n");
    for (number, (name, file, holders)) in loops.iter().enumerate() {
        write(&format!("{name}/dev"), &format!("7:{number}\n"));
        write(&format!("{name}/loop/backing_file"), &format!("{file}\n"));
        for holder in *holders {
            let (on, dm) = holder.rsplit_once('/').unwrap_or(("", holder));
            let minor = dm.strip_prefix("dm-").unwrap();
            write(&format!("{dm}/dev"), &format!("253:{minor}\n"));
            let kind = if *dm == *"dm-9" {
                "LVM-x"
            } else {
                "CRYPT-VERITY-x"
            };
            write(&format!("{dm}/dm/uuid"), &format!("{kind}\n"));
            let link = directory.path().join(name).join(on).join("holders");
            fs::create_dir_all(&link).unwrap();
            symlink(format!("../../{dm}"), link.join(dm)).unwrap();
        }
    }
    directory
}

#[test]
fn image_of_an_extension_is_found_by_its_file() {
    let dm = |minor| Some(libc::makedev(253, minor));
    let file = "/var/lib/extensions/tools.raw";
    for (loops, expected) in [
        (&[("loop0", file, &["dm-3"][..])][..], dm(3)),
        (&[("loop0", file, &["loop0p1/dm-4"])], dm(4)),
        (
            &[(
                "loop0",
                "/var/lib/extensions/tools.raw.v/tools_1.2.raw",
                &["dm-5"],
            )],
            dm(5),
        ),
        // Without dm-verity, and with another user of the device.
        (&[("loop0", file, &[])], Some(libc::makedev(7, 0))),
        (&[("loop0", file, &["dm-9"])], Some(libc::makedev(7, 0))),
        (
            &[("loop0", "/var/lib/extensions/other.raw", &["dm-3"])],
            None,
        ),
        // It is not known which of them is merged.
        (
            &[
                ("loop0", file, &["dm-3"]),
                ("loop1", "/run/extensions/tools.raw", &["dm-4"]),
            ],
            None,
        ),
        (
            &[("loop0", file, &["dm-3"]), ("loop1", file, &["dm-3"])],
            dm(3),
        ),
    ] {
        let devices = devices(loops);
        let found = device_of(devices.path(), OsStr::new("tools"));
        assert_eq!(found, expected, "{loops:?}");
    }
}
