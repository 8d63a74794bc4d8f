using System.Diagnostics;
using System.Security;
using System.Text;

namespace Chancery.Contracts.Tests.Word;

/// <summary>
/// LibreOffice without a window, started twice for any number of files: it takes seconds to start. What it does with each file is a
/// macro that is written for the run.
/// </summary>
internal sealed class LibreOffice : IDisposable
{
    public const string AcceptAll = ".uno:AcceptAllTrackedChanges";
    public const string RejectAll = ".uno:RejectAllTrackedChanges";

    private const string Missing =
        "soffice is missing: these tests open what is written in LibreOffice. apt-get install --no-install-recommends libreoffice-writer-nogui, or ./test, which installs it.";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chancery-office-");
    private readonly StringBuilder _calls = new();
    private int _files;

    /// <summary>What a file says as plain text, numbers included, after a command or none; known once <see cref="Run"/> is done.</summary>
    public Func<string> TextOf(byte[] file, string command = "")
    {
        var written = Do(file, command, "Text (encoded)", "txt");
        return () => File.ReadAllText(written).TrimStart('\uFEFF').ReplaceLineEndings("\n");
    }

    public Func<byte[]> DocxOf(byte[] file, string command = "")
    {
        var written = Do(file, command, "MS Word 2007 XML", "again.docx");
        return () => File.ReadAllBytes(written);
    }

    /// <param name="extension">Of what is opened: "docx", "rtf", "html".</param>
    private string Do(byte[] file, string command, string filter, string result, string extension = "docx")
    {
        var opened = Path.Combine(_folder.FullName, $"{++_files}.{extension}");
        var written = Path.Combine(_folder.FullName, $"{_files}.{result}");
        File.WriteAllBytes(opened, file);
        _calls.AppendLine($"  Resolve(\"{new Uri(opened)}\", \"{new Uri(written)}\", \"{command}\", \"{filter}\")");
        return written;
    }

    public void Run()
    {
        // The first start makes the profile, and would overwrite a macro that is there already.
        Start("--terminate_after_init");
        var basic = Path.Combine(_folder.FullName, "profile", "user", "basic", "Standard");
        Directory.CreateDirectory(basic);
        File.WriteAllText(Path.Combine(basic, "Module1.xba"), Module(Program));
        File.WriteAllText(Path.Combine(basic, "script.xlb"), Library);
        Start("macro:///Standard.Module1.All");
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Program =>
        $"""
            Sub Resolve(source As String, target As String, command As String, filter As String)
              Dim hidden(0) As New com.sun.star.beans.PropertyValue
              hidden(0).Name = "Hidden"
              hidden(0).Value = True
              document = StarDesktop.loadComponentFromURL(source, "_blank", 0, hidden())
              If command <> "" Then
                dispatcher = createUnoService("com.sun.star.frame.DispatchHelper")
                dispatcher.executeDispatch(document.CurrentController.Frame, command, "", 0, Array())
              End If
              Dim saved(0) As New com.sun.star.beans.PropertyValue
              saved(0).Name = "FilterName"
              saved(0).Value = filter
              document.storeToURL(target, saved())
              document.close(True)
            End Sub
            Sub All
            {_calls}
              StarDesktop.terminate()
            End Sub
            """;

    private const string Library = """
        <?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
        <library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false" library:passwordprotected="false">
          <library:element library:name="Module1"/>
        </library:library>
        """;

    private static string Module(string program) =>
        $"""
            <?xml version="1.0" encoding="UTF-8"?>
            <!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
            <script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" script:language="StarBasic">{SecurityElement.Escape(
                program
            )}</script:module>
            """;

    private void Start(string argument)
    {
        var start = new ProcessStartInfo("soffice")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                $"-env:UserInstallation={new Uri(Path.Combine(_folder.FullName, "profile"))}",
                "--headless",
                "--norestore",
                argument,
            },
        };
        try
        {
            using var process = Process.Start(start)!;
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            if (!process.WaitForExit(TimeSpan.FromMinutes(10)))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail("LibreOffice did not end within ten minutes.");
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Fail(Missing);
        }
    }
}
