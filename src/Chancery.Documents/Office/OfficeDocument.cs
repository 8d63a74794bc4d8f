using System.Xml;

namespace Chancery.Documents;

/// <summary>Reads Word, Excel and PowerPoint documents. Runs in the child.</summary>
internal static class OfficeDocument
{
    /// <summary>The document itself says which of the three it is, whatever it was taken for.</summary>
    /// <exception cref="DocumentUnreadableException">It cannot be read; also while its pages are taken.</exception>
    public static ParsedDocument Read(byte[] content)
    {
        try
        {
            var package = new OfficePackage(content);
            var (type, mainPart) = package.Main();
            var parsed =
                type == MediaTypes.Word ? WordDocument.Read(package, mainPart)
                : type == MediaTypes.Excel ? WorkbookDocument.Read(package, mainPart)
                : SlidesDocument.Read(package, mainPart);
            return parsed with { Pages = Guarded(parsed.Pages) };
        }
        catch (Exception cause) when (IsDamage(cause))
        {
            throw FailureOf(cause);
        }
    }

    private static IEnumerable<ChildReply.Page> Guarded(IEnumerable<ChildReply.Page> pages)
    {
        var hasText = false;
        using var page = pages.GetEnumerator();
        while (Next(page))
        {
            hasText |= page.Current.Text.Length > 0;
            yield return page.Current;
        }

        if (!hasText)
        {
            throw Failures.NoTextInOffice();
        }
    }

    private static bool Next(IEnumerator<ChildReply.Page> page)
    {
        try
        {
            return page.MoveNext();
        }
        catch (Exception cause) when (IsDamage(cause))
        {
            throw FailureOf(cause);
        }
    }

    private static bool IsDamage(Exception cause) => cause is XmlException or InvalidDataException;

    private static DocumentUnreadableException FailureOf(Exception cause) =>
        // The only thing that tells a forbidden document type from other errors of markup.
        cause is XmlException
        && cause.Message.Contains("DTD", StringComparison.Ordinal)
            ? Failures.UnsafeOffice("defines entities of its own", cause)
            : Failures.DamagedOffice(cause);
}
