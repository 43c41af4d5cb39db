use std::collections::BTreeMap;
use redisconf::{config::layers::*, render::*, source::Disk};
fn main(){ let a:Vec<String>=std::env::args().collect();
 let s=merge(load(&Request{profile:a[1].clone(),..Request::default()},&Disk).unwrap(), a[2].parse().unwrap());
 for f in &s.findings { println!("{f:?}"); }
 let mut o=Options::new(Target::from_name(&a[3]).unwrap()); o.chart=a.get(4).and_then(|c|Chart::from_name(c));
 match render(&s,&o,&BTreeMap::new()) { Ok(r)=>{ for n in &r.notes {println!("NOTE {n}");} for x in r.artefacts { println!("=== {}",x.path.display()); print!("{}",String::from_utf8_lossy(&x.text)); } }, Err(e)=>println!("{e:#?}") } }
