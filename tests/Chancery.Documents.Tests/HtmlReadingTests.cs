using System.Diagnostics;
using System.Text;

namespace Chancery.Documents.Tests;

public sealed class HtmlReadingTests
{
    [Fact]
    public void A_page_becomes_headings_paragraphs_lists_tables_code_and_captions_with_places()
    {
        const string Page = """
            <!DOCTYPE html><html lang=en><head><title>Terms &amp; prices</title><meta name="author" content="A. Writer"></head>
            <body><nav><ul><li><a href=/>Home</a><li><a href=/b>Blog</a></ul></nav>
            <main><h1>Terms</h1><p>First   <b>bold</b>
            words.<p>Second one.
            <h2 id="leave">Leave</h2>
            <ol start=3><li>Three<ul><li>Nested</ul><li><p>Four</p><p>goes on</ol>
            <table><caption>Days</caption><thead><tr><th>Kind<th>Days<tbody><tr><td rowspan=2>Annual<td>27
            <tr><td>28</table>
            <pre>
            var x = 1;
              y();</pre>
            <dl><dt>Notice<dd>One month.</dl>
            <blockquote><p>Said well.</p></blockquote>
            <figure><img src=a.png alt="A chart of leave"><figcaption>Figure 1. Leave.</figcaption></figure>
            <aside><p>A side note.</p></aside>
            </main><footer>© Acme</footer><script>var hidden = "no";</script></body></html>
            """;

        var (header, page) = One(Page);

        Assert.Equal(("Terms & prices", "A. Writer"), (header.Title, header.Author));
        Assert.Equal(
            [
                (BlockKind.Furniture, 0, null, "Home · Blog"),
                (BlockKind.Heading, 1, "Heading 1", "Terms"),
                (BlockKind.Paragraph, 0, "Paragraph 1", "First bold words."),
                (BlockKind.Paragraph, 0, "Paragraph 2", "Second one."),
                (BlockKind.Heading, 2, "#leave", "Leave"),
                (BlockKind.ListItem, 1, "#leave, list item 1", "3. Three"),
                (BlockKind.ListItem, 2, "#leave, list item 2", "• Nested"),
                (BlockKind.ListItem, 1, "#leave, list item 3", "4. Four"),
                (BlockKind.ListItem, 1, "#leave, list item 4", "goes on"),
                (BlockKind.Caption, 0, "#leave, caption 1", "Days"),
                (BlockKind.Table, 0, "#leave, table 1", "Kind\tDays\nAnnual\t27\nAnnual\t28"),
                (BlockKind.Code, 0, "#leave, code 1", "var x = 1;\n  y();"),
                (BlockKind.ListItem, 1, "#leave, list item 5", "Notice: One month."),
                (BlockKind.Paragraph, 0, "#leave, paragraph 1", "Said well."),
                (BlockKind.Caption, 0, "#leave, caption 2", "A chart of leave"),
                (BlockKind.Caption, 0, "#leave, caption 3", "Figure 1. Leave."),
                (BlockKind.Note, 0, "#leave, note 1", "A side note."),
                (BlockKind.Furniture, 0, null, "© Acme"),
            ],
            Blocks(page)
        );
    }

    [Fact]
    public void A_quote_of_a_table_names_its_row()
    {
        var (_, page) = One(
            "<!doctype html><p>x<h2 id=p>Prices</h2><table><tr><th>A<th>B<tr><td>pens<td>4<tr><td>ink<td>7</table>"
        );

        var start = page.Text.IndexOf("ink", StringComparison.Ordinal);
        Assert.Equal("#p, table 1, row 3", BlockPlaces.Of(page.Text, BlocksOf(page), start, start + 3));
    }

    [Theory]
    [InlineData("10<sup>6</sup> of H<sub>2</sub>O", "10⁶ of H₂O")]
    [InlineData("word<sup><a href=#n>[1]</a></sup>.", "word[1].")]
    [InlineData("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>です", "漢字(かんじ)です")]
    [InlineData(
        "extra&shy;ordi&shy;nary &eacute;&hellip;&nbsp;&#8364;&#x80;&notit; &amp;lt;",
        "extraordinary é… €€¬it; &lt;"
    )]
    [InlineData("a<br>b", "a\nb")]
    [InlineData("a<span hidden>no</span><span style='display: none'>no</span><i aria-hidden=true>no</i>b", "ab")]
    [InlineData("old <del>deleted</del> <ins>new</ins>", "old new")]
    [InlineData("see <img src=x alt=warning> here<img src=y alt=''>", "see warning here")]
    [InlineData(
        "<math><mfrac><mi>a</mi><mi>b</mi></mfrac><mo>=</mo><msup><mi>x</mi><mn>2</mn></msup></math>",
        "a/b=x^2"
    )]
    [InlineData("<svg><title>Icon of a lock</title><path d='M0'/></svg> locked", "Icon of a lock locked")]
    [InlineData("<q>so</q> <button>Copy</button> <select><option>one<option>two</select>", "“so”")]
    [InlineData("<input type=checkbox checked> done", "☑ done")]
    [InlineData("שלום \u202Eעולם\u202C", "שלום עולם")]
    [InlineData(
        "a\u0001b\u200Bc, and some more words that have no marks in them at all",
        "abc, and some more words that have no marks in them at all"
    )]
    [InlineData("<b>one</b><b>two", "onetwo")]
    [InlineData("1 < 2 <3 &lt;b&gt; <", "1 < 2 <3 <b> <")]
    public void Words_of_a_line_read_as_a_person_sees_them(string html, string expected)
    {
        var (_, page) = One("<!doctype html><body><p>" + html);

        Assert.Equal(expected, page.Text);
    }

    [Fact]
    public void A_table_that_only_arranges_the_page_is_no_table()
    {
        var (_, page) = One(
            "<html><table><tr><td><h1>News</h1><p>One.</p><table><tr><th>a<th>b<tr><td>1<td>2</table><td>Side</table>"
        );

        Assert.Equal(
            [BlockKind.Heading, BlockKind.Paragraph, BlockKind.Table, BlockKind.Paragraph],
            Blocks(page).Select(block => block.Kind)
        );
    }

    [Fact]
    public void A_menu_that_comes_again_is_told_once_and_a_header_keeps_its_title()
    {
        var (_, page) = One(
            "<html><header><h1>Title</h1><nav><a href=/>Home</a></nav></header><p>Text.</p><nav><a href=/>Home</a></nav>"
                + "<article><header><p>By A. Writer</p></header><footer>Read more</footer></article>"
        );

        Assert.Equal(
            [
                (BlockKind.Heading, "Title"),
                (BlockKind.Furniture, "Home"),
                (BlockKind.Paragraph, "Text."),
                (BlockKind.Paragraph, "By A. Writer"),
                (BlockKind.Paragraph, "Read more"),
            ],
            Blocks(page).Select(block => (block.Kind, block.Text))
        );
    }

    [Theory]
    [InlineData("windows-1251", "Привет, мир")]
    [InlineData("shift_jis", "日本語の文書")]
    [InlineData("euc-kr", "한국어 문서")]
    [InlineData("gb2312", "中文文档")]
    [InlineData("iso-8859-2", "Zażółć gęślą jaźń")]
    public void A_page_is_read_in_the_encoding_that_it_names(string charset, string words)
    {
        var html = $"<!doctype html><meta charset={charset}><p>{words}</p>";
        var content = CodePagesEncodingProvider.Instance.GetEncoding(charset)!.GetBytes(html);

        Assert.Same(MediaTypes.Html, MediaTypes.Detect(content, "a.html"));
        Assert.Equal(words, One(content).Page.Text);
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    public void A_mark_of_its_encoding_is_believed_more_than_what_a_page_says(string encoding)
    {
        var content = Encoding
            .GetEncoding(encoding)
            .GetPreamble()
            .Concat(Encoding.GetEncoding(encoding).GetBytes("<html><meta charset=koi8-r><p>Grüße"))
            .ToArray();

        Assert.Equal("Grüße", One(content).Page.Text);
    }

    [Theory]
    [InlineData("<!DOCTYPE html><p>x", null, true)]
    [InlineData("<?xml version='1.0'?>\n<!-- made -->\n<html xmlns='x'><p>x</p></html>", null, true)]
    [InlineData("<p>A fragment</p>", "a.html", true)]
    [InlineData("<div><p>a</p><p>b</p><ul><li>c</li></ul></div>", "page", true)]
    [InlineData("Write <p> and </p> around a paragraph.", "a.txt", false)]
    [InlineData("# How to\n\nUse `<div>` and <span>span</span>, not <b>.", "a.md", false)]
    [InlineData("<note><to>Tove</to><from>Jani</from></note>", "a.xml", false)]
    public void Pages_are_told_from_texts_that_speak_of_them(string text, string? name, bool isHtml)
    {
        Assert.Equal(isHtml, MediaTypes.Detect(Encoding.UTF8.GetBytes(text), name) == MediaTypes.Html);
    }

    [Fact]
    public async Task A_nest_that_takes_browsers_code_a_minute_is_read_at_once()
    {
        var nest = "<!doctype html>" + string.Concat(Enumerable.Repeat("<div>", 220_000)) + "The end of the nest.";
        var reader = await Readers.SharedAsync();

        var (_, pages) = await reader.ReadTextAsync(nest, "nest.html");

        Assert.Equal("The end of the nest.", Assert.Single(pages).Text);
    }

    public static TheoryData<string> Nests =>
        [
            Repeat("<b>", 300_000) + "x" + Repeat("</div>", 300_000),
            Repeat("<div><p>", 150_000) + "x",
            Repeat("<ul><li>", 100_000) + "x" + Repeat("</li>", 100_000) + Repeat("</div>", 100_000),
            Repeat("<table><tr><td>", 60_000) + "x" + Repeat("</table>", 60_000),
            Repeat("<a><b>", 100_000) + Repeat("</a>", 100_000) + "x",
            Repeat("<p>", 300_000) + "x" + Repeat("<li>", 300_000),
            Repeat("<b>", 100_000) + Repeat("<li></li>", 100_000) + "x",
            Repeat("<td>", 200_000) + "x" + Repeat("</tr>", 200_000),
            Repeat("<!--", 500_000) + "x",
            "<title>" + Repeat("</titl", 300_000) + "</title><p>x",
            "<p>x" + Repeat("&am", 700_000),
            "<p " + Repeat("a=b ", 500_000) + ">x",
            "<p>x" + Repeat("<", 2_000_000),
            "<table>" + Repeat("<tr><td rowspan=65000 colspan=1000>x", 3000) + "</table>",
            Repeat("<svg><g>", 100_000) + "<text>x</text>",
            Repeat("<msup>", 200_000) + "x",
            "<msup>" + Repeat(new string('x', 1000) + "<!---->", 2000) + Repeat("<x/>", 400_000),
            "<p>x<a href='" + Repeat("q", 2_000_000),
            Repeat("<h1>", 200_000) + "x" + Repeat("</h2>", 200_000),
            Repeat("<nav>", 200_000) + "x" + Repeat("</nav>", 200_000),
            Repeat("<dl><dt>", 100_000) + "x",
            Repeat("<ruby>", 200_000) + "x",
        ];

    [Theory]
    [MemberData(nameof(Nests))]
    public void No_page_takes_time_out_of_proportion(string html)
    {
        var spent = Stopwatch.StartNew();

        try
        {
            foreach (var page in HtmlDocument.Read(Encoding.UTF8.GetBytes("<html>" + html)).Pages)
            {
                Assert.NotEmpty(page.Text);
            }
        }
        catch (DocumentUnreadableException)
        {
            // As good an answer.
        }

        // Quadratic work would take minutes; a busy machine needs a few seconds.
        Assert.True(spent.Elapsed < TimeSpan.FromSeconds(30), $"Took {spent.Elapsed}.");
    }

    [Theory]
    [InlineData("<!doctype html><html><head><title>App</title></head><body><div id=root></div><script>x</script>")]
    [InlineData("<html></html>")]
    public async Task A_page_that_scripts_write_says_what_to_do(string html)
    {
        var reader = await Readers.SharedAsync();

        var failure = await reader.FailsAsync(Encoding.UTF8.GetBytes(html), "app.html");

        Assert.Equal(ReadFailure.Empty, failure.Failure);
        Assert.Contains("save it as PDF", failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Ten_megabytes_of_one_line_are_cut_into_parts_that_lose_nothing()
    {
        var words = string.Join(' ', Enumerable.Range(0, 1_400_000).Select(i => "w" + (i % 9973)));

        var parts = HtmlDocument.Read(Encoding.UTF8.GetBytes("<html><p>" + words)).Pages.ToList();

        Assert.All(parts, part => Assert.InRange(part.Text.Length, 1, 8000));
        Assert.Equal(words, string.Join(' ', parts.Select(part => part.Text)));
    }

    private static string Repeat(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();

    private static (ChildReply.Header Header, ChildReply.Page Page) One(string html) =>
        One(Encoding.UTF8.GetBytes(html));

    private static (ChildReply.Header Header, ChildReply.Page Page) One(byte[] html)
    {
        var parsed = HtmlDocument.Read(html);
        return (parsed.Header, Assert.Single(parsed.Pages));
    }

    private static List<TextBlock> BlocksOf(ChildReply.Page page) =>
        [
            .. page
                .Blocks.Chunk(ChildReply.Page.BlockNumbers)
                .Select(
                    (numbers, i) =>
                        new TextBlock((BlockKind)numbers[0], numbers[1], numbers[2], numbers[3])
                        {
                            Row = numbers[4],
                            Place = page.Places?[i],
                        }
                ),
        ];

    private static IEnumerable<(BlockKind Kind, int Level, string? Place, string Text)> Blocks(ChildReply.Page page) =>
        BlocksOf(page)
            .Select(block => (block.Kind, block.Level, block.Place, page.Text.Substring(block.Start, block.Length)));
}
