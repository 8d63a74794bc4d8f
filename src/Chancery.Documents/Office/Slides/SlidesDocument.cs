using System.Globalization;

namespace Chancery.Documents;

/// <summary>Reads PowerPoint presentations, a page for each slide in the order of the show.</summary>
internal static class SlidesDocument
{
    private const int MaxSlides = 20_000;

    public static ParsedDocument Read(OfficePackage package, string part)
    {
        var presentation = package.Load(part) ?? throw Failures.DamagedOffice();
        var slides = (presentation.Child("p:sldIdLst")?.All("p:sldId") ?? [])
            .Take(MaxSlides)
            .Select(slide => package.Find(part, slide["r:id"])?.Target)
            .ToList();
        var (title, author) = package.Properties();
        return new ParsedDocument(new ChildReply.Header(slides.Count, title, author), Pages(package, slides));
    }

    private static IEnumerable<ChildReply.Page> Pages(OfficePackage package, List<string?> slides)
    {
        for (var i = 0; i < slides.Count; i++)
        {
            var label = string.Create(CultureInfo.InvariantCulture, $"Slide {i + 1}");
            var blocks = new BlockWriter();
            // A slide whose part is lost keeps its number, so that the others keep theirs.
            if (slides[i] is { } part && package.Load(part) is { } slide)
            {
                label += slide["show"] is "0" or "false" ? " (hidden)" : "";
                new SlideReader(package, part, blocks).Read(slide);
            }

            yield return blocks.ToPage(i + 1, label);
        }
    }
}
