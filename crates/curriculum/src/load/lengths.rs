//! The length of options as readers see them: a right option that is far longer than the others gives itself away.

/// A right option gives itself away if it has this many characters more than the next one, and half as many again.
const FAR: usize = 25;

/// The number of characters in HTML without its tags.
pub fn visible_length(html: &str) -> usize {
    let (mut length, mut in_tag, mut in_entity) = (0, false, false);
    for c in html.trim().chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if in_tag => {}
            ';' if in_entity => in_entity = false,
            _ if in_entity => {}
            _ => {
                in_entity = c == '&';
                length += 1;
            }
        }
    }
    length
}

/// The length of the longest option, if it is right and far longer than the others. Each option is `(right, length)`.
pub(super) fn telling_length(options: &[(bool, usize)]) -> Option<usize> {
    let longest = |right: bool| options.iter().filter(|(is, _)| *is == right).map(|(_, length)| *length).max();
    let (right, wrong) = (longest(true)?, longest(false)?);
    (right >= wrong + FAR && right * 2 > wrong * 3).then_some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_entities_are_not_letters() {
        assert_eq!(visible_length("a <code>b</code> &amp; c"), 7);
        assert_eq!(visible_length("x &lt; y\n"), 5);
    }

    #[test]
    fn only_a_right_option_can_be_telling() {
        assert_eq!(telling_length(&[(true, 60), (false, 20), (false, 30)]), Some(60));
        assert_eq!(telling_length(&[(false, 60), (true, 20)]), None);
        assert_eq!(telling_length(&[(true, 11), (false, 2)]), None, "short answers may differ");
        assert_eq!(telling_length(&[(true, 90), (false, 62)]), None, "long answers may differ more");
    }
}
