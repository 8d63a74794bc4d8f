namespace Chancery.Contracts.Tests.Word;

public sealed class ContractWordWriterTests
{
    [Fact]
    public void What_is_written_is_valid_Open_XML()
    {
        Docx.AssertValid(Docx.Plain(SampleContracts.Services));
        Docx.AssertValid(Docx.Redline(SampleContracts.Services, SampleContracts.Negotiated));
        File.WriteAllBytes("/tmp/plain.docx", Docx.Plain(SampleContracts.Services));
        File.WriteAllBytes("/tmp/new.docx", Docx.Plain(SampleContracts.Negotiated));
        File.WriteAllBytes("/tmp/redline.docx", Docx.Redline(SampleContracts.Services, SampleContracts.Negotiated));
    }
}
