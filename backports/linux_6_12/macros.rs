// SPDX-License-Identifier: GPL-2.0-only

//! The procedural macros of the newest kernel that Linux 6.12 lacks.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Returns whether the token is this punctuation.
fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// Returns the text of an identifier.
fn ident(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    }
}

/// Parses code that a macro has made.
fn code(text: String) -> TokenStream {
    text.parse().expect("the code of a macro is Rust")
}

/// Returns where the attribute that begins at `at` ends, and its group, if there is one.
fn attribute(tokens: &[TokenTree], at: usize) -> Option<(usize, &Group)> {
    match tokens.get(at + 1) {
        Some(TokenTree::Group(group))
            if is_punct(tokens.get(at), '#') && group.delimiter() == Delimiter::Bracket =>
        {
            Some((at + 2, group))
        }
        _ => None,
    }
}

/// Returns the name of a type's definition, and what follows.
fn definition(tokens: &[TokenTree]) -> (String, &[TokenTree]) {
    let keyword = tokens
        .iter()
        .position(|token| matches!(ident(Some(token)).as_deref(), Some("struct" | "union")))
        .expect("a structure or a union");
    let name = ident(tokens.get(keyword + 1)).expect("a name");
    (name, &tokens[keyword + 2..])
}

/// Returns the types of the named members.
fn member_types(body: TokenStream) -> Vec<String> {
    let mut types = Vec::new();
    let mut member = Vec::new();
    let mut depth = 0usize;
    let mut end = |member: &mut Vec<TokenTree>| {
        let colon = member.iter().position(|token| is_punct(Some(token), ':'));
        if let Some(colon) = colon {
            let kind: TokenStream = member[colon + 1..].iter().cloned().collect();
            types.push(kind.to_string());
        }
        member.clear();
    };
    for token in body {
        if is_punct(Some(&token), '<') {
            depth += 1;
        } else if is_punct(Some(&token), '>') {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 && is_punct(Some(&token), ',') {
            end(&mut member);
        } else {
            member.push(token);
        }
    }
    end(&mut member);
    types
}

/// Implements `Zeroable` for a structure whose members all are. It has named members, and no
/// generic parameter.
#[proc_macro_derive(Zeroable)]
pub fn derive_zeroable(input: TokenStream) -> TokenStream {
    let tokens: Vec<_> = input.into_iter().collect();
    let (name, rest) = definition(&tokens);
    let Some(TokenTree::Group(body)) = rest.first() else {
        panic!("{name}: only a structure with named members, without generic parameters");
    };
    assert!(
        body.delimiter() == Delimiter::Brace,
        "{name}: its members have no names"
    );
    let checks: Vec<_> = member_types(body.stream())
        .iter()
        .map(|kind| format!("check::<{kind}>();"))
        .collect();
    let checks = checks.concat();
    code(format!(
        "const _: () = {{
            const fn check<T: ::pin_init::Zeroable>() {{}}
            {checks}
            // SAFETY: All bits zero are valid for each member, as was just checked.
            unsafe impl ::pin_init::Zeroable for {name} {{}}
        }};"
    ))
}

/// Implements `Zeroable` for a type of C, as bindgen writes it: with numbers, raw pointers, optional
/// functions, and arrays, structures and unions of them. A generic type is left out.
#[proc_macro_derive(MaybeZeroable)]
pub fn derive_maybe_zeroable(input: TokenStream) -> TokenStream {
    let tokens: Vec<_> = input.into_iter().collect();
    let (name, rest) = definition(&tokens);
    if is_punct(rest.first(), '<') {
        return TokenStream::new();
    }
    code(format!(
        "// SAFETY: All bits zero are valid for each type that bindgen makes from one of C.
        unsafe impl ::pin_init::Zeroable for {name} {{}}"
    ))
}

/// Makes a module a suite of KUnit, and each function in it that has `#[test]` a case.
///
/// Inside, `assert!` and `assert_eq!` fail the case.
#[proc_macro_attribute]
pub fn kunit_tests(attribute: TokenStream, input: TokenStream) -> TokenStream {
    let suite = attribute.to_string();
    input
        .into_iter()
        .map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                TokenTree::Group(Group::new(Delimiter::Brace, cases(&suite, group.stream())))
            }
            other => other,
        })
        .collect()
}

/// A test in a module.
struct Case {
    name: String,
    /// The conditions of its `cfg` attributes.
    conditions: Vec<String>,
}

/// Turns the contents of a module of tests into those of a suite.
fn cases(suite: &str, contents: TokenStream) -> TokenStream {
    let tokens: Vec<_> = contents.into_iter().collect();
    let mut output = TokenStream::new();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        // All attributes of an item, without `test`.
        let mut attributes = TokenStream::new();
        let mut conditions = Vec::new();
        let mut is_test = false;
        while let Some((end, group)) = attribute(&tokens, at) {
            let mut inner = group.stream().into_iter();
            match (ident(inner.next().as_ref()).as_deref(), inner.next()) {
                (Some("test"), None) => is_test = true,
                (Some("cfg"), Some(TokenTree::Group(condition))) => {
                    conditions.push(condition.stream().to_string());
                    attributes.extend(tokens[at..end].iter().cloned());
                }
                _ => attributes.extend(tokens[at..end].iter().cloned()),
            }
            at = end;
        }
        if is_test {
            assert_eq!(
                ident(tokens.get(at)).as_deref(),
                Some("fn"),
                "a test is a function"
            );
            let name = ident(tokens.get(at + 1)).expect("a function has a name");
            output.extend(assertions(suite, &name));
            found.push(Case { name, conditions });
        }
        if attributes.is_empty() && !is_test {
            output.extend([token.clone()]);
            at += 1;
        }
        output.extend(attributes);
    }
    output.extend(registration(suite, &found));
    output
}

/// Returns macros for the next test that tell KUnit of failures.
fn assertions(suite: &str, name: &str) -> TokenStream {
    code(format!(
        "#[allow(unused_macros)]
        macro_rules! assert {{
            ($condition:expr $(,)?) => {{{{
                ::kernel::kunit_assert!({name:?}, {suite:?}, 0, $condition);
            }}}}
        }}
        #[allow(unused_macros)]
        macro_rules! assert_eq {{
            ($left:expr, $right:expr $(,)?) => {{{{
                ::kernel::kunit_assert_eq!({name:?}, {suite:?}, 0, $left, $right);
            }}}}
        }}"
    ))
}

/// Returns the entry by which KUnit finds the suite. A case whose conditions do not hold is skipped.
fn registration(suite: &str, cases: &[Case]) -> TokenStream {
    let mut text = String::new();
    for Case { name, conditions } in cases {
        let condition = conditions.join(", ");
        text += &format!(
            "unsafe extern \"C\" fn kunit_case_{name}(test: *mut ::kernel::bindings::kunit) {{
                #[cfg(all({condition}))]
                ::kernel::kunit_assert!(
                    {name:?},
                    {suite:?},
                    0,
                    ::kernel::kunit::is_test_result_ok({name}())
                );
                #[cfg(not(all({condition})))]
                // SAFETY: KUnit runs this test.
                unsafe {{
                    (*test).status = ::kernel::bindings::kunit_status_KUNIT_SKIPPED;
                }}
                let _ = test;
            }}"
        );
    }
    let entries: Vec<_> = cases
        .iter()
        .map(|Case { name, .. }| {
            format!("::kernel::kunit::kunit_case(c{name:?}, kunit_case_{name}),")
        })
        .collect();
    let entries = entries.concat();
    code(format!(
        "{text}
        const _: () = {{
            static mut CASES: [::kernel::bindings::kunit_case; {count}] =
                [{entries} ::pin_init::zeroed()];

            static mut SUITE: ::kernel::bindings::kunit_suite =
                ::kernel::kunit::kunit_suite(c{suite:?}, (&raw mut CASES).cast());

            // SAFETY of the section: it has pointers to suites.
            #[used]
            #[link_section = \".kunit_test_suites\"]
            static mut ENTRY: *mut ::kernel::bindings::kunit_suite = &raw mut SUITE;
        }};",
        count = cases.len() + 1,
    ))
}
