import java.io.File;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.LogManager;
import javax.xml.parsers.DocumentBuilderFactory;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.VeraPDFFoundry;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.ErrorArgument;
import org.verapdf.pdfa.validation.profiles.ErrorArgumentImpl;
import org.verapdf.pdfa.validation.profiles.Profiles;
import org.verapdf.pdfa.validation.profiles.Rule;
import org.verapdf.pdfa.validation.profiles.ValidationProfile;
import org.verapdf.pdfa.validation.profiles.Variable;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * Has veraPDF's engine judge files: {@code VeraCheck 3a,ua1 FILE...}. A line for each file and
 * flavour: the file, the flavour, "ok" or what is broken, separated by tabs. Exit status 1 where
 * anything is.
 *
 * <p>The jar it runs from lacks the JAXB classes veraPDF reads its profiles with, so they are read
 * with the DOM here.
 */
public class VeraCheck {
  public static void main(String[] arguments) throws Exception {
    LogManager.getLogManager().reset();
    VeraGreenfieldFoundryProvider.initialise();
    boolean good = true;
    for (String id : arguments[0].split(",")) {
      PDFAFlavour flavour = PDFAFlavour.byFlavourId(id);
      ValidationProfile profile = profile(flavour);
      for (int i = 1; i < arguments.length; i++) {
        String verdict = verdict(new File(arguments[i]), flavour, profile);
        System.out.println(arguments[i] + "\t" + id + "\t" + verdict);
        good &= verdict.equals("ok");
      }
    }
    System.exit(good ? 0 : 1);
  }

  private static String verdict(File file, PDFAFlavour flavour, ValidationProfile profile) {
    VeraPDFFoundry foundry = Foundries.defaultInstance();
    try (PDFAParser parser = foundry.createParser(file, flavour);
        PDFAValidator validator = foundry.createValidator(profile, 100, false, true, false)) {
      ValidationResult result = validator.validate(parser);
      Map<String, String> broken = new LinkedHashMap<>();
      for (TestAssertion assertion : result.getTestAssertions()) {
        if (assertion.getStatus() == TestAssertion.Status.FAILED) {
          String rule =
              assertion.getRuleId().getClause() + "-" + assertion.getRuleId().getTestNumber();
          broken.putIfAbsent(rule, rule + ": " + assertion.getMessage());
        }
      }
      if (result.isCompliant()) {
        return "ok";
      }
      return broken.isEmpty() ? "not compliant" : String.join("; ", broken.values());
    } catch (Exception error) {
      // A file nobody can read is not compliant.
      return error.toString();
    }
  }

  private static ValidationProfile profile(PDFAFlavour flavour) throws Exception {
    String id = flavour.getId();
    String name = id.startsWith("ua") ? "PDFUA-" + id.substring(2) : "PDFA-" + id.toUpperCase();
    Element root;
    try (InputStream in =
        VeraPDFFoundry.class.getResourceAsStream("/org/verapdf/pdfa/validation/" + name + ".xml")) {
      root = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in).getDocumentElement();
    }
    Set<Rule> rules = new LinkedHashSet<>();
    for (Element rule : all(root, "rules", "rule")) {
      rules.add(rule(rule));
    }
    Set<Variable> variables = new LinkedHashSet<>();
    for (Element own : all(root, "variables", "variable")) {
      variables.add(
          Profiles.variableFromValues(
              own.getAttribute("name"),
              own.getAttribute("object"),
              child(own, "defaultValue").getTextContent(),
              child(own, "value").getTextContent()));
    }
    return Profiles.profileFromValues(
        flavour,
        Profiles.profileDetailsFromValues(name, name, "veraPDF", new Date(0)),
        "",
        rules,
        variables);
  }

  private static Rule rule(Element rule) {
    Element id = child(rule, "id");
    Element error = child(rule, "error");
    List<ErrorArgument> arguments = new ArrayList<>();
    for (Element own : all(error, "arguments", "argument")) {
      arguments.add(ErrorArgumentImpl.fromValues(own.getTextContent(), attribute(own, "name"), null));
    }
    String deferred = attribute(rule, "deferred");
    return Profiles.ruleFromValues(
        Profiles.ruleIdFromValues(
            PDFAFlavour.Specification.valueOf(id.getAttribute("specification")),
            id.getAttribute("clause"),
            Integer.parseInt(id.getAttribute("testNumber"))),
        rule.getAttribute("object"),
        deferred == null ? null : Boolean.valueOf(deferred),
        attribute(rule, "tags"),
        child(rule, "description").getTextContent(),
        child(rule, "test").getTextContent(),
        Profiles.errorFromValues(child(error, "message").getTextContent(), arguments),
        new ArrayList<>());
  }

  private static List<Element> all(Element parent, String list, String name) {
    List<Element> found = new ArrayList<>();
    Element holder = child(parent, list);
    if (holder != null) {
      NodeList nodes = holder.getElementsByTagName(name);
      for (int i = 0; i < nodes.getLength(); i++) {
        found.add((Element) nodes.item(i));
      }
    }
    return found;
  }

  private static Element child(Element parent, String name) {
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element && node.getNodeName().equals(name)) {
        return (Element) node;
      }
    }
    return null;
  }

  private static String attribute(Element element, String name) {
    return element.hasAttribute(name) ? element.getAttribute(name) : null;
  }
}
