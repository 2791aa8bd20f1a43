// SPDX-License-Identifier: GPL-2.0-only

//! Layers of overlays, as mountinfo describes them.

use super::*;

const MOUNTS: &[u8] = b"\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:40 / /srv/box ro,relatime shared:9 - overlay overlay ro,lowerdir=/run/base:/run/with\\040space,upperdir=/var/up,workdir=/var/work
31 22 0:41 /usr /opt/bound ro - overlay overlay ro,lowerdir=/run/a\\134:b::/run/data
32 30 0:42 / /srv/box/tmp rw - tmpfs tmpfs rw
34 22 0:44 / /srv/relative rw - overlay overlay rw,lowerdir=base,upperdir=/up,workdir=/work
33 22 0:43 / /srv/new rw - overlay overlay rw,lowerdir+=/one,lowerdir+=/two,datadir+=/three
";

fn found(file: &str) -> Option<(Vec<String>, String)> {
    let (layers, below) = layers(MOUNTS, Path::new(file))?;
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    Some((layers.into_iter().map(text).collect(), text(below)))
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
