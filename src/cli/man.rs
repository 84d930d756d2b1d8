//! `contend man`: the manual page, with a section for each command.

use clap::Command;
use clap_mangen::Man;

/// Returns the page in roff.
pub(super) fn man_page(mut command: Command) -> String {
    command.build();
    let man = Man::new(command.clone()).manual("User Commands");
    let mut page = Vec::new();
    let written = man.render_title(&mut page);
    let written = written.and_then(|()| man.render_name_section(&mut page));
    let written = written.and_then(|()| man.render_synopsis_section(&mut page));
    let written = written.and_then(|()| man.render_description_section(&mut page));
    let written = written.and_then(|()| man.render_options_section(&mut page));
    written.expect("writing to memory does not fail");
    let mut page = String::from_utf8_lossy(&page).into_owned();
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        page.push_str(&command_section(sub));
    }
    let mut rest = Vec::new();
    man.render_extra_section(&mut rest).expect("writing to memory does not fail");
    page + &String::from_utf8_lossy(&rest)
}

/// Renders one command as a section, its own sections as subsections.
fn command_section(command: &Command) -> String {
    let name = command.get_name().to_owned();
    let man = Man::new(command.clone());
    let mut text = Vec::new();
    let written = man.render_synopsis_section(&mut text);
    let written = written.and_then(|()| man.render_description_section(&mut text));
    let written = written.and_then(|()| man.render_options_section(&mut text));
    written.expect("writing to memory does not fail");
    let text = String::from_utf8_lossy(&text).replace(".SH ", ".SS ");
    format!(".SH \"{}\"\n{text}", name.to_uppercase())
}
