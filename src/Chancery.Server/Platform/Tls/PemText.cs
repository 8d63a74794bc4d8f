using System.Text;

namespace Chancery.Server.Platform.Tls;

/// <summary>Files in PEM form, as whoever renews them leaves them, or is still writing them.</summary>
internal static class PemText
{
    /// <summary>The text of a file. A block without its end would be passed over in silence by whoever reads blocks.</summary>
    /// <exception cref="InvalidDataException">It ends within a block: somebody is still writing it.</exception>
    public static string Read(string path, byte[] content)
    {
        var text = Encoding.UTF8.GetString(content);
        return text.AsSpan().Count("-----BEGIN ") == text.AsSpan().Count("-----END ")
            ? text
            : throw new InvalidDataException($"{path} is not whole: it ends within a block of PEM");
    }
}
