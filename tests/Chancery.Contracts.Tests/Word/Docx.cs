using System.IO.Compression;
using System.Xml.Linq;
using Chancery.Contracts.Word;
using DocumentFormat.OpenXml;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Validation;

namespace Chancery.Contracts.Tests.Word;

/// <summary>Word files in memory, and what may be said of any.</summary>
internal static class Docx
{
    public static byte[] Plain(ContractText contract, WordOptions? options = null)
    {
        using var output = new MemoryStream();
        ContractWordWriter.Write(contract, options ?? new WordOptions(), output);
        return output.ToArray();
    }

    public static byte[] Redline(ContractText from, ContractText to, RedlineOptions? options = null)
    {
        using var output = new MemoryStream();
        ContractRedline.Write(
            from,
            to,
            options ?? new RedlineOptions("Ada Byron", new DateTimeOffset(2026, 3, 2, 9, 30, 0, TimeSpan.Zero)),
            output
        );
        return output.ToArray();
    }

    /// <summary>Fails with what the Open XML SDK's validator finds wrong.</summary>
    public static void AssertValid(byte[] file)
    {
        using var document = WordprocessingDocument.Open(new MemoryStream(file), isEditable: false);
        var errors = new OpenXmlValidator(FileFormatVersions.Office2019).Validate(document).Take(10).ToList();
        Assert.True(
            errors.Count == 0,
            string.Join('\n', errors.Select(error => $"{error.Part?.Uri} {error.Path?.XPath}: {error.Description}"))
        );
    }

    public static XElement Part(byte[] file, string name)
    {
        using var zip = new ZipArchive(new MemoryStream(file));
        using var stream =
            zip.GetEntry(name)?.Open() ?? throw new InvalidOperationException($"The file has no part {name}.");
        return XElement.Load(stream);
    }

    /// <summary>The same file with another document.</summary>
    public static byte[] With(byte[] file, string name, XElement content)
    {
        using var output = new MemoryStream();
        output.Write(file);
        using (var zip = new ZipArchive(output, ZipArchiveMode.Update, leaveOpen: true))
        {
            zip.GetEntry(name)?.Delete();
            using var stream = zip.CreateEntry(name).Open();
            content.Save(stream);
        }

        return output.ToArray();
    }
}
